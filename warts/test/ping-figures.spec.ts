import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode, summarize, type PingRecord, type PingSummary } from '../src/index.js';
import {
  figuresOf,
  PlannedHosts,
  planPings,
  whyNoPlannedHosts,
  type PlannedPing,
} from './support/planned-pings.js';

const MINUTE = 60_000;
/** How many pings of iputils run at a time. */
const AT_A_TIME = 10;
const PROBES = 6;
/** Each run has another TTL: the hosts begin their plan anew. */
const IPUTILS_TTL = 62;
/** A busy machine gives scamper an answer late, which it takes for none: a host is asked again. */
const SCAMPER_TTLS = [61, 91, 92, 93];
const TRIES = 10;

const ECHO = planPings(200, ['icmp-echo'], 1, true);
/** As the methods of scamper 20211212 are called; icmp-time has no IPv6. */
const OTHERS = planPings(
  180,
  ['icmp-echo', 'tcp-ack', 'tcp-ack-sport', 'udp', 'udp-dport', 'tcp-syn', 'tcp-synack', 'tcp-rst'],
  2,
  false,
);
const TIMES = planPings(20, ['icmp-time'], 3, false).filter(({ family }) => family === 4);

const reason = whyNoPlannedHosts();
if (reason !== undefined) console.warn(`The figures of planned pings are left out: ${reason}.`);

function hasPing(): boolean {
  try {
    return execFileSync('ping', ['-V'], { encoding: 'utf8' }).includes('iputils');
  } catch {
    return false;
  }
}

/** Of a summary, as `figuresOf` gives them. */
const countsOf = ({ sent, received, duplicates, errors }: PingSummary) => ({
  sent,
  received,
  duplicates,
  errors: Object.fromEntries(
    errors.map((e) => [`${e.icmp_type}.${e.icmp_code} ${e.from}`, e.count] as const).sort(),
  ),
});

(reason === undefined ? describe : describe.skip)('pings of hosts that keep to a plan', () => {
  const plans = [...ECHO, ...OTHERS, ...TIMES];
  let hosts: PlannedHosts;
  let records: Map<string, PingRecord>;

  beforeAll(async () => {
    hosts = await PlannedHosts.start(plans);
    records = new Map();
    let asked = plans;
    for (const ttl of SCAMPER_TTLS) {
      for (const ping of await scamper(asked, ttl)) records.set(ping.dst.toString(), ping);
      asked = asked.filter((plan) => {
        const found = records.get(plan.dst);
        return found && !isDeepStrictEqual(countsOf(summarize(found)), figuresOf(plan));
      });
      if (asked.length === 0) break;
    }
  }, 3 * MINUTE);
  afterAll(() => hosts.stop());

  async function scamper(asked: PlannedPing[], ttl: number): Promise<PingRecord[]> {
    const file = hosts.file(`pings-${ttl}.warts`);
    const commands = asked.map(
      ({ dst, method }) => `ping -P ${method} -c ${PROBES} -i 0.1 -W 3 -m ${ttl} -d 33500 ${dst}`,
    );
    await hosts.output('scamper', '-O', 'warts', '-o', file, '-p', '1000', '-w', '200', '-I', ...commands);
    const { records: found, error } = decode(readFileSync(file));
    expect(error).toBeUndefined();
    return found.filter((record) => record.type === 'ping');
  }

  /** iputils waits for the last answer twice as long as for the slowest before it, which a busy machine makes too short. */
  async function iputils(dst: string, wanted: IputilsFigures): Promise<IputilsFigures | undefined> {
    let figures: IputilsFigures | undefined;
    for (let ttl = IPUTILS_TTL; ttl < IPUTILS_TTL + TRIES; ttl++) {
      const words = `-c ${PROBES} -i 0.01 -t ${ttl} ${dst}`.split(' ');
      figures = iputilsFigures(await hosts.output('ping', ...words));
      if (isDeepStrictEqual(figures, wanted)) break;
    }
    return figures;
  }

  const summaryOf = (plan: PlannedPing): PingSummary => summarize(records.get(plan.dst)!);

  it('are all in the file', () => {
    expect([...records.keys()].sort()).toEqual(plans.map(({ dst }) => dst).sort());
  });

  it('count what was planned, with every method and both families', () => {
    for (const plan of plans) {
      expect({ plan, ...countsOf(summaryOf(plan)) }).toEqual({ plan, ...figuresOf(plan) });
    }
  });

  (hasPing() ? it : it.skip)(
    'have the figures of iputils',
    async () => {
      const waiting = [...ECHO];
      const differences: unknown[] = [];
      const work = async (): Promise<void> => {
        for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop()) {
          const wanted = wantedOf(countsOf(summaryOf(plan)));
          const figures = await iputils(plan.dst, wanted);
          if (!isDeepStrictEqual(figures, wanted)) differences.push({ plan, figures, wanted });
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
      expect(differences).toEqual([]);
    },
    3 * MINUTE,
  );
});

type IputilsFigures = Record<'sent' | 'received' | 'duplicates' | 'errors' | 'loss', number>;

/** `6 packets transmitted, 4 received, +1 duplicates, +2 errors, 33.3333% packet loss, time 51ms` */
function iputilsFigures(text: string): IputilsFigures {
  const of = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    sent: of(/(\d+) packets transmitted/),
    received: of(/ (\d+) received/),
    duplicates: of(/\+(\d+) duplicates/),
    errors: of(/\+(\d+) errors/),
    loss: Math.floor(of(/ ([\d.]+)% packet loss/)),
  };
}

function wantedOf({ sent, received, duplicates, errors }: ReturnType<typeof countsOf>): IputilsFigures {
  return {
    sent,
    received,
    duplicates,
    errors: Object.values(errors).reduce((sum, n) => sum + n, 0),
    loss: Math.floor((100 * (sent - received)) / sent),
  };
}
