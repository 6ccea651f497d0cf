import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeDns } from '../../probe/test/support/fake.dns.js';
import { type Clock, systemClock } from '../../probe/src/clock/clock.js';
import { ClockEstimator } from '../../probe/src/clock/estimate.js';
import { statusAnswerSchema } from '../../probe/src/protocol/protocol.js';
import { FakeNtp } from '../../sntp/test/support/fake.ntp.js';
import { seeded } from '../../sntp/test/support/random.js';
import { type Account, ApiWorld, type Page } from '../support/api-world.js';
import { otherTime } from '../support/faketime.js';
import { CLOCK, pingResult, NativeProbe } from '../support/native-probe.js';
import { type ProbeProcess, startProbe } from '../support/probe-process.js';
import { freePort } from '../support/server.js';
import { startTcpRelay } from '../support/tcp-relay.js';
import { until } from '../support/until.js';

interface Ready {
  status: string;
  clock: {
    offset_ms: number | null;
    error_ms: number | null;
    source: string;
    age_s: number | null;
    stratum: number | null;
    warning?: string;
  };
}

interface Result {
  outcome: string;
  scheduled_at: string;
  started_at: string;
  started_at_corrected: string | null;
  received_at: string;
  clock: typeof CLOCK;
  clock_trusted: boolean;
}

interface NtpResult {
  summary: { offset_ms: number; error_ms: number }[];
  decoded: object[];
}

/** The time server is ahead of this host by that much, and so of the server under test: its clock is off. */
const TRUE_TIME_MS = 1_700;
const PROBE_AHEAD_S = 90;
const RUNS = 4;
const IDLE = { backlog: { results: 0, bytes: 0 }, running: 0, in_use_credits: 0, clock: CLOCK };

const wrongTime = otherTime(PROBE_AHEAD_S);
if (wrongTime === undefined) console.log('faketime is not installed: no probe is run with a wrong clock');

describe('a server without a time server', () => {
  it('is ready, and says that it does not know its clock', async () => {
    const world = await ApiWorld.start();
    const { status, body } = await world.api.get<Ready>('/health/ready');
    expect([status, body.clock]).toEqual([
      200,
      { offset_ms: null, error_ms: null, source: 'none', age_s: null, stratum: null },
    ]);
    expect((await world.api.get('/metrics')).text).not.toMatch(/^pladmed_server_clock_offset_seconds /m);
    const probe = await world.connect(await world.probe(await world.account()));
    expect((await probe.status(IDLE)).clock).toEqual({ offset_ms: null, error_ms: null, source: 'none' });
    await world.stop();
  });

  it('is ready while its time server does not answer', async () => {
    const world = await ApiWorld.start({
      NTP_SERVER: '127.0.0.1',
      NTP_SERVER_PORT: String(await freePort()),
    });
    await until('the warning', async () => (await world.api.get<Ready>('/health/ready')).body.clock.warning);
    const { status, body } = await world.api.get<Ready>('/health/ready');
    expect([status, body.clock.source, body.clock.warning]).toEqual([200, 'none', '127.0.0.1 gives no time']);
    await world.stop();
  });

  it('does not believe a time server that serves its own clock, and warns; nor does a probe', async () => {
    const local = await FakeNtp.start();
    // chrony 4.3 with `local stratum 10`, its clock an hour ahead
    local.lie = { stratum: 10, referenceId: '127.127.1.1', rootDelayMs: 0, rootDispersionMs: 0 };
    local.skewMs = 3_600_000;
    const port = String(local.port);
    const world = await ApiWorld.start({ NTP_SERVER: '127.0.0.1', NTP_SERVER_PORT: port });
    await until('the warning', async () => (await world.api.get<Ready>('/health/ready')).body.clock.warning);
    const { status, body } = await world.api.get<Ready>('/health/ready');
    expect([status, body.clock]).toEqual([
      200,
      {
        offset_ms: null,
        error_ms: null,
        source: 'none',
        age_s: null,
        stratum: null,
        warning: expect.stringMatching(/^127\.0\.0\.1 serves its own clock/),
      },
    ]);
    const owner = await world.account();
    const registered = await world.probe(owner);
    const probe = await startProbe(world.server.url, registered.token, {
      PLADMED_NTP_SERVER: '127.0.0.1',
      PLADMED_NTP_PORT: port,
    });
    await until('the warning', () => probe.log.join('').includes('the time server cannot be used'));
    const shown = await until('a comparison over the socket', async () => {
      const page = await owner.api.get<{ status?: { clock?: Ready['clock'] } }>(
        `/api/v1/probes/${registered.id}`,
      );
      return page.body.status?.clock?.source === 'socket' && page.body.status.clock;
    });
    expect(Math.abs(Number(shown.offset_ms))).toBeLessThanOrEqual(Number(shown.error_ms));
    await probe.stop();
    await world.stop();
    await local.close();
  });
});

describe('clocks that are off', () => {
  let ntp: FakeNtp;
  let resolver: FakeDns;
  let world: ApiWorld;
  let user: Account;

  beforeAll(async () => {
    ntp = await FakeNtp.start();
    ntp.skewMs = TRUE_TIME_MS;
    ntp.lie = { stratum: 3, rootDelayMs: 2, rootDispersionMs: 1 };
    resolver = await FakeDns.start();
    world = await ApiWorld.start({ NTP_SERVER: '127.0.0.1', NTP_SERVER_PORT: String(ntp.port) });
    user = await world.account(10_000);
    await until('a comparison', async () => (await ready()).clock.source === 'ntp');
  });
  afterAll(async () => {
    await world.stop();
    await resolver.close();
    await ntp.close();
  });

  const ready = async () => (await world.api.get<Ready>('/health/ready')).body;

  it('the server measures its own, warns once, and works', async () => {
    const { status, clock } = await ready();
    expect(status).toBe('ok');
    expect(clock).toMatchObject({ source: 'ntp', stratum: 3, age_s: expect.any(Number) });
    expect(Math.abs(Number(clock.offset_ms) - TRUE_TIME_MS)).toBeLessThanOrEqual(Number(clock.error_ms));
    expect(clock.warning).toMatch(/^this server's clock is 1\d{3} ms behind 127\.0\.0\.1$/);
    expect(world.server.log.filter((line) => line.includes('the clock is off'))).toHaveLength(1);
    const { text } = await world.api.get('/metrics');
    const shown = Number(/^pladmed_server_clock_offset_seconds (\S+)$/m.exec(text)?.[1]);
    expect(Math.abs(shown * 1000 - TRUE_TIME_MS)).toBeLessThanOrEqual(Number(clock.error_ms));
    expect(text).toMatch(/^pladmed_server_clock_error_seconds \d/m);
    expect(text).toMatch(/^pladmed_server_clock_stratum 3$/m);
  });

  it('100 tries over the socket, through ways that take what they like: within the stated bound', async () => {
    const random = seeded(64_500);
    const back = () => (random() < 0.2 ? 60 : random() * 15);
    const relay = await startTcpRelay(world.server.url, { there: () => random() * 15, back });
    const tries = Array.from({ length: 10 }, async () => {
      const probe = await NativeProbe.connect(relay.url, (await world.probe(user)).token);
      let within = 0;
      for (let count = 0; count < 10; count++) within += Number(await compare(probe, random));
      probe.close();
      return within;
    });
    const within = (await Promise.all(tries)).reduce((sum, each) => sum + each);
    await relay.stop();
    console.log(`time stamps over the socket: ${within} of 100 within their bound`);
    expect(within).toBeGreaterThanOrEqual(95);
  });

  /** One comparison by a probe that knows nothing yet and whose clock is off by what it does not know. */
  async function compare(probe: NativeProbe, random: () => number): Promise<boolean> {
    const skew = Math.round((random() - 0.5) * 200_000);
    const clock: Clock = systemClock(skew);
    const estimator = new ClockEstimator(clock);
    const sent = { wall: clock.now(), monotonic: clock.monotonic() };
    const answer = await probe.status(IDLE);
    const roundTripMs = clock.monotonic() - sent.monotonic;
    estimator.recordExchange({ sent, roundTripMs }, statusAnswerSchema.parse(answer));
    const { offset_ms, error_ms } = estimator.estimate();
    return Math.abs(Number(offset_ms) - (TRUE_TIME_MS - skew)) <= Number(error_ms);
  }

  it.each([
    ['unknown', { offset_ms: null, error_ms: null, source: 'none', age_s: null, stratum: null }, false],
    ['right', CLOCK, true],
    ['off by more than a second', { ...CLOCK, offset_ms: -1_000.5 }, false],
    ['known too badly to say', { ...CLOCK, offset_ms: 500, error_ms: 501 }, false],
    ['just right', { ...CLOCK, offset_ms: 500, error_ms: 500 }, true],
  ])('results whose clock was %s are marked', async (_what, clock, trusted) => {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const operation = await world.operation(user, [registered]);
    await probe.told(operation.id);
    const at = '2026-11-21T08:00:00.000Z';
    await probe.results([pingResult(operation.id, at, { clock })]);
    const { body } = await user.api.get<Page<Result>>(`/api/v1/operations/${operation.id}/results`);
    const [result] = body.items;
    expect(result).toMatchObject({ started_at: at, clock, clock_trusted: trusted });
    const corrected =
      clock.offset_ms === null ? null : new Date(Date.parse(at) + clock.offset_ms).toISOString();
    expect(result?.started_at_corrected).toBe(corrected);
    await probe.status({
      ...IDLE,
      backlog: { results: 1, bytes: 9, by_operation: { [operation.id]: 1 } },
      clock,
    });
    const page = await user.api.get<{ status: object }>(`/api/v1/probes/${registered.id}`);
    // Of which operations it keeps results is nobody else's business.
    expect(page.body.status).toEqual({
      backlog: { results: 1, bytes: 9 },
      running: 0,
      clock,
      clock_trusted: trusted,
      at: expect.any(String),
    });
  });

  it('a probe that does not name the stratum is heard as well', async () => {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const { stratum: _, ...clock } = CLOCK;
    await probe.status({ ...IDLE, clock });
    const page = await user.api.get<{ status: object }>(`/api/v1/probes/${registered.id}`);
    expect(page.body.status).toMatchObject({ clock: { ...clock, stratum: null } });
  });

  it('a time server is measured, against the clock of the probe', async () => {
    const registered = await world.probe(user);
    const probe = await startProbe(world.server.url, registered.token, {
      PLADMED_NTP_SERVER: '127.0.0.1',
      PLADMED_NTP_PORT: String(ntp.port),
    });
    const { id } = await world.operation(user, [registered], {
      kind: 'ntp',
      params: { ips: ['127.0.0.1'], port: ntp.port, samples: 2 },
    });
    const path = `/api/v1/operations/${id}/results?view=json`;
    const [result] = await until('the result', async () => {
      const { body } = await user.api.get<Page<NtpResult>>(path);
      return body.items.length > 0 && body.items;
    });
    await probe.stop();
    expect(result).toMatchObject({ outcome: 'stored', format: 'ntp' });
    expect(result?.decoded).toEqual([
      expect.objectContaining({ destination: '127.0.0.1', stratum: 3, error: null }),
      expect.objectContaining({ destination: '127.0.0.1', stratum: 3, error: null }),
    ]);
    for (const { offset_ms, error_ms } of result?.summary ?? [])
      expect(Math.abs(offset_ms - TRUE_TIME_MS)).toBeLessThanOrEqual(error_ms);
  });

  (wrongTime !== undefined ? describe.each : describe.skip.each)([['ntp'], ['socket']])(
    'a probe whose host is 90 s ahead and that compares by %s',
    (source) => {
      let probe: ProbeProcess;
      afterAll(() => probe.stop());

      it('measures at the right time; the server shows its times corrected, and marks them', async () => {
        const registered = await world.probe(user);
        const ntpPort = source === 'ntp' ? ntp.port : await freePort();
        probe = await startProbe(world.server.url, registered.token, {
          ...wrongTime,
          PLADMED_NTP_SERVER: '127.0.0.1',
          PLADMED_NTP_PORT: String(ntpPort),
        });
        const path = `/api/v1/probes/${registered.id}`;
        const { clock, clock_trusted } = await until('its word of its clock', async () => {
          const { body } = await user.api.get<{ status?: { clock: typeof CLOCK; clock_trusted: boolean } }>(
            path,
          );
          return body.status?.clock.source === source && body.status;
        });
        expect(clock_trusted).toBe(false);
        const truth = TRUE_TIME_MS - PROBE_AHEAD_S * 1000;
        expect(Math.abs(clock.offset_ms - truth)).toBeLessThanOrEqual(clock.error_ms);
        const start = Date.now() + TRUE_TIME_MS + 1_000;
        const { id } = await world.operation(user, [registered], {
          kind: 'dns',
          params: { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port },
          schedule: {
            type: 'interval',
            every_s: 1,
            start: new Date(start).toISOString(),
            stop: new Date(start + RUNS * 1000).toISOString(),
          },
        });
        const results = await until('all runs', async () => {
          const { body } = await user.api.get<Page<Result>>(`/api/v1/operations/${id}/results`);
          return body.items.length >= RUNS && body.items;
        });
        for (const result of results) {
          expect(result).toMatchObject({ outcome: 'stored', clock: { source }, clock_trusted: false });
          const { offset_ms, error_ms } = result.clock;
          expect(Math.abs(offset_ms - truth)).toBeLessThanOrEqual(error_ms);
          const ahead = Date.parse(result.started_at) - Date.parse(result.received_at);
          expect(ahead).toBeGreaterThan(PROBE_AHEAD_S * 1000 - 10_000);
          // The true time at which the run began, against the one at which it was due.
          const late = Date.parse(String(result.started_at_corrected)) - Date.parse(result.scheduled_at);
          expect(late).toBeGreaterThanOrEqual(-1 - error_ms);
          expect(late).toBeLessThan(5_000 + error_ms);
        }
        const { text } = await world.api.get('/metrics');
        expect(text).toMatch(/^pladmed_probe_clocks\{state="off"\} [1-9]/m);
        expect(text).toMatch(/^pladmed_probe_clock_offset_max_seconds 88\.\d/m);
        // no series of its own for each probe
        expect(text).not.toContain(registered.id);
      });
    },
  );
});
