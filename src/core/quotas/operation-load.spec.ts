import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { KIND_NAMES, type KindName, KINDS } from '../../measurement/kinds/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { dayAfter, holdsOf, type Loading, targetOfMeter, userMeter } from './operation-load.js';

const NOW = new Date('2026-01-05T00:00:00.000Z');
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const ONCE: Schedule = { type: 'once', at: NOW };

function loading(schedule: Schedule, probe_count = 1): Loading {
  return {
    _id: new ObjectId(),
    owner: new ObjectId(),
    schedule,
    probe_count,
    created_at: NOW,
    ends_at: at(90_000),
  };
}

/** Packets a second of one packet for each run of each probe, as users see them. */
function packetsPerS(schedule: Schedule, probes = 1, packets = 1): number | undefined {
  const holds = holdsOf(loading(schedule, probes), [{ host: '192.0.2.1', packets }]);
  const amount = holds.at(-1)?.amounts.target_packets;
  return amount === undefined ? undefined : amount / 1_000;
}

describe('what an operation uses', () => {
  it('of its owner: an operation for a day, one that runs until its end, its results until a day after that', () => {
    const operation = loading(
      { type: 'interval', every_s: 3_600, start: NOW, stop: at(7_200), spread_s: 600 },
      3,
    );
    const meters = [userMeter(operation.owner)];
    // the last run is due after an hour, at the latest 10 minutes later, and takes a minute
    const until = at(3_600 + 600 + 60);
    expect(holdsOf(operation, [])).toEqual(
      [
        { amounts: { user_operations: 1 }, until: at(86_400) },
        { amounts: { user_running: 1 }, until },
        { amounts: { user_results: 6 }, until: dayAfter(until) },
      ].map((hold, n) => ({
        _id: `${operation._id.toHexString()}.${n}`,
        meters,
        operation: operation._id,
        ...hold,
      })),
    );
  });

  it('of a single run: until it ends, since it waits for its probes', () => {
    const operation = loading(ONCE, 5);
    const [, running, results] = holdsOf(operation, []);
    expect(running).toMatchObject({ until: operation.ends_at, single: true });
    expect(results).toMatchObject({ amounts: { user_results: 5 } });
  });

  it('of each target once, in all its spellings, and nothing of loopback', () => {
    const strikes = [
      { host: '192.0.2.1', packets: 1 },
      { host: '::ffff:192.0.2.1', packets: 2 },
      { host: 'Example.org', packets: 60 },
      { host: 'example.ORG.', packets: 60 },
      { host: '198.51.100.1', packets: 120 },
      { host: '127.0.0.1', packets: 1 },
      { host: '[::1]', packets: 1 },
      { host: 'localhost', packets: 1 },
    ];
    const holds = holdsOf(loading(ONCE, 2), strikes).slice(3);
    expect(holds.map(({ meters, amounts }) => [meters.map(targetOfMeter), amounts])).toEqual([
      [['192.0.2.1'], { target_probes: 2, target_packets: 100 }],
      [['example.org', '198.51.100.1'], { target_probes: 2, target_packets: 4_000 }],
    ]);
  });

  it.each([
    ['a single run: over a minute', ONCE, 1 / 60],
    ['one spread over ten minutes: over these', { ...ONCE, spread_s: 600 }, 1 / 600],
    ['one spread over less than a minute: over a minute', { ...ONCE, spread_s: 5 }, 1 / 60],
    ['spread over a minute and a half: over whole minutes', { ...ONCE, spread_s: 90 }, 1 / 120],
    ['every second', { type: 'interval', every_s: 1, start: NOW, stop: at(3_600) }, 1],
    [
      'every day: as busy as a single run',
      { type: 'interval', every_s: 86_400, start: NOW, stop: at(864_000) },
      1 / 60,
    ],
    [
      'every minute, spread over the minute',
      { type: 'interval', every_s: 60, start: NOW, stop: at(3_600), spread_s: 60 },
      1 / 60,
    ],
    [
      'six times in each minute of cron',
      { type: 'cron', cron: '* * * * *', times_per_minute: 6, start: NOW, stop: at(3_600) },
      6 / 60,
    ],
  ] as [string, Schedule, number][])('of packets a second, %s', (_what, schedule, each) => {
    // thousandths, rounded up
    expect(packetsPerS(schedule)).toBeCloseTo(each, 2);
    expect(packetsPerS(schedule)).toBeGreaterThanOrEqual(each);
    expect(packetsPerS(schedule, 6_000, 10)).toBeCloseTo(each * 60_000, 2);
  });

  it('is counted in whole numbers, so that sums stay exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 86_400 }),
        (probes, packets, every_s) => {
          const schedule: Schedule = { type: 'interval', every_s, start: NOW, stop: at(86_400), spread_s: 0 };
          const strikes = [{ host: 'a.example', packets }];
          for (const { amounts } of holdsOf(loading(schedule, probes), strikes))
            for (const amount of Object.values(amounts)) expect(Number.isSafeInteger(amount)).toBe(true);
        },
      ),
    );
  });
});

describe('whom a run strikes, by its kind', () => {
  function strikesOf(name: KindName, params: object) {
    const { wire, destinations } = KINDS[name].check(params, 'refuse');
    return KINDS[name].strikes(wire, destinations);
  }

  it.each([
    [
      'ping',
      { ips: ['192.0.2.1'], fqdns: ['a.example'] },
      [
        ['192.0.2.1', 4],
        ['a.example', 4],
      ],
    ],
    ['ping', { ips: ['192.0.2.1'], probecount: 100 }, [['192.0.2.1', 100]]],
    ['traceroute', { ips: ['192.0.2.1'] }, [['192.0.2.1', 10]]],
    ['traceroute', { ips: ['192.0.2.1'], attempts: 3, maxttl: 2 }, [['192.0.2.1', 6]]],
    ['traceroute', { ips: ['192.0.2.1'], confidence: 0.99 }, [['192.0.2.1', 110]]],
    // a maxttl below firsthop: one packet may go out yet
    ['traceroute', { ips: ['192.0.2.1'], attempts: 1, firsthop: 9, maxttl: 2 }, [['192.0.2.1', 1]]],
    ['dns', { fqdns: ['a.example', 'b.example'] }, []],
    [
      'dns',
      { fqdns: ['a.example', 'b.example'], name: ['a.example'], resolver: '192.0.2.53' },
      [['192.0.2.53', 16]],
    ],
    ['dns', { fqdns: ['a.example'], x: '192.0.2.1', resolver: '192.0.2.53', tcp: '' }, [['192.0.2.53', 30]]],
    ['http', { urls: ['https://A.example:8443/x'], method: 'HEAD' }, [['a.example', 10]]],
    ['http', { urls: ['http://[2001:DB8::1]/'], max_body_bytes: 2_921 }, [['[2001:db8::1]', 12]]],
    ['tls', { ips: ['2001:db8::1'] }, [['2001:db8::1', 10]]],
    ['ntp', { fqdns: ['ntp.example'], samples: 7 }, [['ntp.example', 7]]],
  ] as [KindName, object, [string, number][]][])('%s %j', (name, params, strikes) => {
    expect(strikesOf(name, params).map(({ host, packets }) => [host, packets])).toEqual(strikes);
  });

  it.each(KIND_NAMES)('%s: never less than a packet to each', (name) => {
    for (const { packets } of strikesOf(name, KINDS[name].example.params)) {
      expect(Number.isInteger(packets) && packets > 0).toBe(true);
    }
  });
});
