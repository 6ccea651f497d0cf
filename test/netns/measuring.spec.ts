import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Authority } from '../../probe/test/support/certificates.js';
import type { Operation } from '../support/api-world.js';
import { type Answer, dataOf, decodeOf, reverseName } from './support/dns.js';
import { Field, LIMIT_MS, type Result } from './support/field.js';
import { onNetwork } from './support/on-network.js';
import {
  crowd,
  DELAY_MS,
  DUPLICATE,
  TEXTS,
  LOSS,
  NARROW_MTU,
  PATH,
  PROBE,
  startSite,
  startTime,
  TARGET,
  ZONE,
} from './support/path.js';
import type { RealProbe } from './support/probe.js';
import { binomialInterval, normalInterval, sum } from './support/statistics.js';

/** A host of the path that this probe's owner denies. */
const [DENIED = ''] = crowd('twice', 4, 250).slice(-1);
/** The most that the least RTT may be above the delay of the path, as a share of it: the machine may be busy. */
const TOLERANCE = 0.5;
const RTTS = 6;
/** For answers that come while the machine is busy, s. */
const PATIENT = { timeout: 2 };
const LOSSY = { hosts: 200, probecount: 5 };
const TWICE = { hosts: 60, probecount: 5 };
const TRACED = { method: 'icmp-paris', attempts: 3, wait: 2 };

const SITE = `target.${ZONE}`;
/** More than the first packets of a connection carry; in bytes. */
const BODY = 100_000;

interface HttpRequest {
  tls: object;
  timings: Record<'resolve_ms' | 'connect_ms' | 'tls_ms' | 'first_byte_ms' | 'total_ms', number>;
}

onNetwork('a real probe on a known path', () => {
  let field: Field;
  let authority: Authority;
  let probe: { id: string; process: RealProbe };
  /** The long ones are begun together. */
  type Run = 'trace4' | 'trace6' | 'tcp4' | 'tcp6' | 'rtt4' | 'rtt6' | 'loss4' | 'loss6' | 'twice';
  let runs: Record<Run, Operation>;

  beforeAll(async () => {
    [field, authority] = await Promise.all([Field.start(), Authority.make()]);
    await Promise.all([
      startSite(field.network, await authority.issue([`DNS:${SITE}`])),
      startTime(field.network, 'target'),
    ]);
    probe = await field.probe(field.gate.urls.v4, {
      NODE_EXTRA_CA_CERTS: authority.file,
      PLADMED_PACKETS_PER_SECOND: '4000',
      PLADMED_CONCURRENT_RUNS: '10',
      PLADMED_DENY: DENIED,
    });
    await probe.process.logged('clock compared');
    const lossy = { probecount: LOSSY.probecount, ...PATIENT };
    runs = {
      trace4: await measure('traceroute', { ips: [TARGET.v4], ...TRACED }),
      trace6: await measure('traceroute', { ips: [TARGET.v6], ...TRACED }),
      tcp4: await measure('traceroute', { ips: [TARGET.v4], ...TRACED, method: 'tcp', dport: 443 }),
      tcp6: await measure('traceroute', { ips: [TARGET.v6], ...TRACED, method: 'tcp' }),
      rtt4: await measure('ping', { ips: [TARGET.v4], probecount: RTTS, ...PATIENT }),
      rtt6: await measure('ping', { ips: [TARGET.v6], probecount: RTTS, ...PATIENT }),
      loss4: await measure('ping', { ips: crowd('lossy', 4, LOSSY.hosts), ...lossy }),
      loss6: await measure('ping', { ips: crowd('lossy', 6, LOSSY.hosts), ...lossy }),
      twice: await measure('ping', {
        ips: crowd('twice', 4, TWICE.hosts),
        probecount: TWICE.probecount,
        ...PATIENT,
      }),
    };
  }, LIMIT_MS);
  afterAll(async () => {
    await authority.remove();
    await field.stop();
  });

  const measure = (kind: string, params: object): Promise<Operation> => field.measure(probe, kind, params);
  const one = async (kind: string, params: object): Promise<Result> =>
    field.result(await measure(kind, params));
  const summariesOf = async (operation: Operation) => (await field.result(operation)).summary ?? [];
  const summaries = async (kind: string, params: object) => summariesOf(await measure(kind, params));

  async function lookUp(params: object): Promise<Answer[]> {
    return (await one('dns', params)).decoded as Answer[];
  }

  async function namesOf(address: string): Promise<unknown[]> {
    return (await lookUp({ fqdns: [reverseName(address)], type: 'ptr' })).flatMap(dataOf);
  }

  describe.each([
    ['IPv4', TARGET.v4, 'trace4', 'tcp4', 'rtt4'],
    ['IPv6', TARGET.v6, 'trace6', 'tcp6', 'rtt6'],
  ] as const)('over %s', (_family, target, traced, byTcp, pinged) => {
    test.each([
      ['ICMP', traced],
      ['TCP', byTcp],
    ] as const)(
      'a traceroute by %s finds the routers by name, and the silent one as a gap',
      async (_method, measured) => {
        const [trace] = await summariesOf(runs[measured]);
        expect(trace).toMatchObject({ type: 'trace', dst: target, reached: true });
        expect(trace?.['rtt_ms']).toBeGreaterThanOrEqual(2 * DELAY_MS);
        const hops = trace?.['path'] as (string | null)[];
        const names = hops.map(async (hop) => (hop === null ? null : (await namesOf(hop)).join()));
        expect(await Promise.all(names)).toEqual(PATH);
      },
      LIMIT_MS,
    );

    test(
      'the RTT of a ping is the delay of the path',
      async () => {
        const [ping] = await summariesOf(runs[pinged]);
        expect(ping).toMatchObject({ dst: target, sent: RTTS, loss: 0, duplicates: 0 });
        expect(ping?.['rtt_min_ms']).toBeGreaterThanOrEqual(2 * DELAY_MS);
        expect(ping?.['rtt_min_ms']).toBeLessThan(2 * DELAY_MS * (1 + TOLERANCE));
      },
      LIMIT_MS,
    );
  });

  test.each(['loss4', 'loss6'] as const)(
    'the loss is that of the path (%s)',
    async (name) => {
      const { hosts, probecount } = LOSSY;
      const pings = await summariesOf(runs[name]);
      expect(pings).toHaveLength(hosts);
      const sent = sum(pings.map((ping) => ping['sent']));
      const lost = sent - sum(pings.map((ping) => ping['received']));
      expect(sent).toBe(hosts * probecount);
      // Lost on the way there, or on the way back.
      const [least, most] = binomialInterval(sent, 1 - (1 - LOSS) ** 2);
      expect(lost).toBeGreaterThanOrEqual(least);
      expect(lost).toBeLessThanOrEqual(most);
      expect(sum(pings.map((ping) => ping['duplicates']))).toBe(0);
      for (const { sent: n, received, loss } of pings) {
        expect(loss).toBeCloseTo(1 - Number(received) / Number(n), 3);
      }
    },
    LIMIT_MS,
  );

  test(
    'duplicates are told apart from answers, and are as many as the path makes',
    async () => {
      const { hosts, probecount } = TWICE;
      const { summary, decoded } = await field.result(runs.twice);
      for (const ping of summary ?? []) expect(ping).toMatchObject({ received: probecount, loss: 0 });
      const records = decoded as { type: string; responses: { seq: number }[] }[];
      const responses = records.flatMap((record) => (record.type === 'ping' ? record.responses : []));
      expect(sum((summary ?? []).map((ping) => ping['duplicates']))).toBe(
        responses.length - hosts * probecount,
      );
      // A ping ends with the first answer to its last probe: its copies are not waited for.
      const counted = responses.filter(({ seq }) => seq < probecount - 1).length;
      // Copies of the request, and of each answer.
      const q = DUPLICATE;
      const variance = q * (1 - q) * (1 + q) * (2 + q);
      const [least, most] = normalInterval(hosts * (probecount - 1), (1 + q) ** 2, variance);
      expect(counted).toBeGreaterThanOrEqual(least);
      expect(counted).toBeLessThanOrEqual(most);
    },
    LIMIT_MS,
  );

  describe('names', () => {
    test('are resolved by the probe, and the result has the address', async () => {
      const pings = await summaries('ping', { fqdns: [`target.${ZONE}`, `six.${ZONE}`], probecount: 1 });
      expect(pings.map(({ dst }) => dst).sort()).toEqual([TARGET.v4, TARGET.v6].sort());
    });

    test('that do not exist fail the run, with that reason', async () => {
      expect(await one('ping', { fqdns: [`nobody.${ZONE}`] })).toMatchObject({
        outcome: 'failed',
        failure: { reason: 'unresolved', detail: `nobody.${ZONE} has no address (NXDOMAIN)` },
      });
    });

    test('of addresses that the host denies are refused, and nothing is sent', async () => {
      expect(await one('ping', { fqdns: [`denied.${ZONE}`] })).toMatchObject({
        outcome: 'failed',
        failure: { reason: 'refused', detail: `denied.${ZONE}: the host denies ${DENIED}: ${DENIED}` },
      });
    });
  });

  describe('a real name server', () => {
    test.each(['r1', 'r3', 'target'])('gives the addresses of %s', async (name) => {
      const fqdns = [`${name}.${ZONE}`];
      const [[four], [six]] = await Promise.all([lookUp({ fqdns }), lookUp({ fqdns, type: 'aaaa' })]);
      const addresses = [four, six].map((answer) => String(dataOf(answer)[0]));
      expect(await Promise.all(addresses.map(namesOf))).toEqual([fqdns, fqdns]);
      expect(four?.rtt_ms).toBeGreaterThanOrEqual(2 * DELAY_MS);
    });

    test('says that a name does not exist', async () => {
      const [answer] = await summaries('dns', { fqdns: [`nobody.${ZONE}`] });
      expect(answer).toMatchObject({ rcode: 'NXDOMAIN', answers: 0, transport: 'udp', error: null });
    });

    test('is asked again over TCP when its answer was cut', async () => {
      const answers = await lookUp({ fqdns: [`long.${ZONE}`], type: 'txt' });
      expect(answers.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
      expect(answers.map((answer) => decodeOf(answer).flag_tc)).toEqual([true, false]);
      expect(dataOf(answers[1])).toHaveLength(TEXTS.long);
    });

    describe('beyond the narrow link', () => {
      const mtuTo = (address: string) => field.network.output('target', 'ip', 'route', 'get', address);

      test(
        'is heard again after an answer over UDP that was too big',
        async () => {
          const wide = { fqdns: [`wide.${ZONE}`], type: 'txt', udp_size: 4096 };
          const [four, six] = await Promise.all([
            lookUp({ ...wide, resolver: TARGET.v4 }),
            lookUp({ ...wide, resolver: TARGET.v6 }),
          ]);
          // A router divides what is too big for IPv4, and drops it for IPv6, and says so.
          expect(four.map(({ error }) => error)).toEqual([null]);
          expect(six.map(({ error }) => error)).toEqual(['timeout', null]);
          for (const answer of [four[0], six[1]]) {
            expect(answer?.transport).toBe('udp');
            expect(dataOf(answer)).toHaveLength(TEXTS.wide);
          }
          expect(await mtuTo(PROBE.v6)).toContain(`mtu ${NARROW_MTU}`);
        },
        LIMIT_MS,
      );

      test('is heard over TCP, which learns of the link', async () => {
        const long = { fqdns: [`long.${ZONE}`], type: 'txt', tcp: '', resolver: TARGET.v4 };
        const [answer] = await lookUp(long);
        expect(dataOf(answer)).toHaveLength(TEXTS.long);
        expect(await mtuTo(PROBE.v4)).toContain(`mtu ${NARROW_MTU}`);
      });
    });
  });

  describe('a real HTTPS server', () => {
    test('gives a page through the narrow link; each phase takes its round trips', async () => {
      const { decoded } = await one('http', { urls: [`https://${SITE}/${BODY}`, `https://${SITE}/none`] });
      const [page, none] = decoded as (HttpRequest | undefined)[];
      expect(page).toMatchObject({ address: TARGET.v4, status: 200, body_bytes: BODY, error: null });
      expect(page?.tls).toMatchObject({ version: 'TLSv1.3', authorized: true, authorization_error: null });
      expect(none).toMatchObject({ status: 404, body_bytes: 0 });
      const { resolve_ms, connect_ms, tls_ms, first_byte_ms, total_ms } = page!.timings;
      for (const phase of [resolve_ms, connect_ms, tls_ms, first_byte_ms])
        expect(phase).toBeGreaterThanOrEqual(2 * DELAY_MS);
      expect(total_ms).toBeGreaterThanOrEqual(resolve_ms + connect_ms + tls_ms + first_byte_ms);
    });

    test('shows its certificate, over both families', async () => {
      const params = { fqdns: [SITE], ips: [TARGET.v6], server_name: SITE, alpn: ['http/1.1'] };
      const { decoded } = await one('tls', params);
      expect(decoded).toMatchObject([
        { address: TARGET.v6, alpn: 'http/1.1', authorized: true, error: null },
        { address: TARGET.v4, alpn: 'http/1.1', authorized: true, error: null },
      ]);
      for (const { chain, timings } of decoded as { chain: string[]; timings: Record<string, number> }[]) {
        expect(chain.at(-1)).toBe(await authority.certificate());
        expect(timings['handshake_ms']).toBeGreaterThanOrEqual(2 * DELAY_MS);
      }
    });

    test('under another name is not trusted', async () => {
      const { decoded } = await one('tls', { fqdns: [`r1.${ZONE}`, SITE], server_name: `r1.${ZONE}` });
      expect(decoded).toMatchObject([
        { error: 'ECONNREFUSED' },
        { authorized: false, authorization_error: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      ]);
    });
  });

  test('a real time server is asked across the path', async () => {
    const exchanges = await summaries('ntp', { ips: [TARGET.v6], fqdns: [SITE], samples: 1 });
    expect(exchanges).toMatchObject([
      { address: TARGET.v6, stratum: 9, error: null },
      { address: TARGET.v4, stratum: 9, error: null },
    ]);
    for (const { offset_ms, error_ms, delay_ms } of exchanges) {
      expect(delay_ms).toBeGreaterThanOrEqual(2 * DELAY_MS);
      // Both clocks are that of this machine.
      expect(Math.abs(Number(offset_ms))).toBeLessThanOrEqual(Number(error_ms));
    }
  });

  test('results say what the time server told of the clock', async () => {
    const result = await one('ping', { ips: [TARGET.v4], probecount: 1 });
    const { clock, clock_trusted, started_at_corrected, scheduled_at, received_at } = result;
    expect(clock).toMatchObject({ source: 'ntp' });
    // Both clocks are that of this machine.
    expect(Math.abs(clock?.offset_ms ?? NaN)).toBeLessThanOrEqual(clock?.error_ms ?? NaN);
    expect(clock_trusted).toBe(true);
    const started = Date.parse(started_at_corrected ?? '') + (clock?.error_ms ?? 0);
    expect(started).toBeGreaterThanOrEqual(Date.parse(scheduled_at));
    expect(started - 2 * (clock?.error_ms ?? 0)).toBeLessThanOrEqual(Date.parse(received_at));
  });
});
