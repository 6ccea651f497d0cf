import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until.js';
import { Field, LIMIT_MS, type Result } from './support/field.js';
import { onNetwork } from './support/on-network.js';
import { HOME, PROBE, serveNames, startSite, startTime, TARGET, ZONE } from './support/path.js';
import { Authority } from '../../probe/test/support/certificates.js';

const DUAL = `target.${ZONE}`;
const SIX = `six.${ZONE}`;
const FOUR = `four.${ZONE}`;
const TWIN = `twin.${ZONE}`;
const PATIENT = { probecount: 1, timeout: 2 };
const TRACED = { method: 'icmp-paris', attempts: 1, wait: 2 };
/** To everything else, from the probe. */
const WAY4 = `default via ${TARGET.v4.replace(/6\.2$/, '1.2')}`;
const WAY6 = `default via ${TARGET.v6.replace('6::2', '1::2')}`;

onNetwork('a real probe, the names it resolves and the families of its host', () => {
  let field: Field;
  let authority: Authority;
  let id: string;
  beforeAll(async () => {
    [field, authority] = await Promise.all([Field.start(), Authority.make()]);
    await Promise.all([
      startSite(field.network, await authority.issue([`DNS:${DUAL}`])),
      startTime(field.network, 'target'),
      // another name server, of another network: it says something else of the same name
      serveNames(field.network, 'home', [`host-record=${DUAL},${HOME.v4}`]),
    ]);
  }, LIMIT_MS);
  afterAll(async () => {
    await authority.remove();
    await field.stop();
  });

  const one = async (kind: string, params: object): Promise<Result> =>
    field.result(await field.measure({ id }, kind, params));
  const failure = async (kind: string, params: object) => {
    const { outcome, failure: told } = await one(kind, params);
    return { outcome, ...told };
  };
  const told = ({ summary = [] }: Result) =>
    summary.map(({ destination, dst, error }) => [destination, dst, error]);
  const families = async (wanted: { ipv4: boolean; ipv6: boolean }): Promise<void> => {
    await until(
      `the API shows ${JSON.stringify(wanted)}`,
      async () => {
        const path = `/api/v1/probes/${id}`;
        const { body } = await field.user.api.get<{ ipv4: boolean | null; ipv6: boolean | null }>(path);
        return body.ipv4 === wanted.ipv4 && body.ipv6 === wanted.ipv6;
      },
      LIMIT_MS / 2,
    );
  };

  describe('with both families', () => {
    beforeAll(async () => {
      ({ id } = await field.probe());
      await families({ ipv4: true, ipv6: true });
    }, LIMIT_MS);
    beforeEach(() => field.network.setResolver('probe', TARGET.v4));
    afterAll(() => field.stopProbes());

    test(
      'each entry names its destination, in the order asked for; names of one address are entries of their own',
      async () => {
        const params = {
          fqdns: [TWIN, SIX, FOUR, DUAL],
          ips: [TARGET.v4, `::ffff:${TARGET.v4}`],
          ...PATIENT,
        };
        const result = await one('ping', params);
        expect(told(result)).toEqual([
          [TARGET.v4, TARGET.v4, null],
          [`::ffff:${TARGET.v4}`, TARGET.v4, null],
          [TWIN, TARGET.v4, null],
          [SIX, TARGET.v6, null],
          [FOUR, TARGET.v4, null],
          [DUAL, TARGET.v4, null],
        ]);
        for (const entry of result.summary ?? []) expect(entry).toMatchObject({ sent: 1, received: 1 });
        // the raw file alone tells it too
        const records = result.decoded as { type: string; userid: number; dst: string }[];
        const numbers = records.flatMap(({ type, userid }) => (type === 'ping' ? [userid] : []));
        expect(numbers.sort()).toEqual([1, 2, 3, 4, 5, 6]);
        expect(records.find(({ userid }) => userid === 4)?.dst).toBe(TARGET.v6);
        for (const { destination, resolve_ms } of result.destinations ?? [])
          expect(resolve_ms).toEqual(String(destination).endsWith(ZONE) ? expect.any(Number) : null);
      },
      LIMIT_MS,
    );

    test(
      'a family that was asked for is the one measured',
      async () => {
        const over = async (kind: string, params: object) =>
          told(await one(kind, { fqdns: [DUAL], ...params }));
        expect(await over('ping', { ...PATIENT, ipv6: '' })).toEqual([[DUAL, TARGET.v6, null]]);
        expect(await over('traceroute', { ...TRACED, ipv6: '' })).toEqual([[DUAL, TARGET.v6, null]]);
        expect(await over('mtr', { packets: 1, ipv6: '' })).toEqual([[DUAL, TARGET.v6, null]]);
        expect(await over('mtr', { packets: 1, ipv4: '' })).toEqual([[DUAL, TARGET.v4, null]]);
        expect(await over('ping', { ...PATIENT, ipv4: '' })).toEqual([[DUAL, TARGET.v4, null]]);
        expect(await failure('ping', { fqdns: [FOUR], ipv6: '' })).toMatchObject({
          reason: 'unresolved',
          detail: `${FOUR} has no IPv6 address (NODATA)`,
        });
      },
      LIMIT_MS,
    );

    test(
      'an address that the host has no route to stands beside those that were measured',
      async () => {
        const away = '198.18.99.1';
        await field.network.ip('probe', `route add unreachable ${away}/32`);
        try {
          const result = await one('ping', { ips: [away, TARGET.v4], ...PATIENT });
          expect(told(result)).toEqual([
            [away, away, 'EHOSTUNREACH'],
            [TARGET.v4, TARGET.v4, null],
          ]);
          expect(told(await one('mtr', { ips: [away, TARGET.v4], packets: 1 }))).toEqual([
            [away, away, 'EHOSTUNREACH'],
            [TARGET.v4, TARGET.v4, null],
          ]);
          for (const kind of ['traceroute', 'mtr'])
            expect(await failure(kind, { ips: [away] })).toMatchObject({
              outcome: 'failed',
              reason: 'nothing_sent',
              detail: `this probe has no IPv4 route to ${away} (EHOSTUNREACH)`,
            });
        } finally {
          await field.network.ip('probe', `route del unreachable ${away}/32`);
        }
      },
      LIMIT_MS,
    );

    test.each(['ping', 'mtr', 'tls', 'ntp'])(
      '%s: what nobody answered is the failure of the resolver',
      async (kind) => {
        // dnsmasq without an upstream refuses what is not its own
        expect(await failure(kind, { fqdns: ['www.example.org'] })).toEqual({
          outcome: 'failed',
          reason: 'resolver_failed',
          detail: `www.example.org: A: ${TARGET.v4}: REFUSED; AAAA: ${TARGET.v4}: REFUSED`,
        });
        // a port that nobody listens on
        const deaf = TARGET.v4.replace(/6\.2$/, '1.2');
        await field.network.setResolver('probe', deaf);
        expect(await failure(kind, { fqdns: [DUAL] })).toMatchObject({
          reason: 'resolver_failed',
          detail: `${DUAL}: A: ${deaf}: ECONNREFUSED; AAAA: ${deaf}: ECONNREFUSED`,
        });
      },
      LIMIT_MS,
    );

    test(
      'the resolvers are those of the moment, in every kind',
      async () => {
        const resolver = async () => (await one('dns', { fqdns: [DUAL] })).summary?.[0]?.['resolver'];
        expect(await resolver()).toBe(TARGET.v4);
        await field.network.setResolver('probe', HOME.v4);
        expect(await resolver()).toBe(HOME.v4);
        expect(told(await one('ping', { fqdns: [DUAL], ...PATIENT }))).toEqual([[DUAL, HOME.v4, null]]);
      },
      LIMIT_MS,
    );
  });

  describe('with IPv4 only', () => {
    beforeAll(async () => {
      ({ id } = await field.probe());
      await families({ ipv4: true, ipv6: true });
      await field.network.setResolver('probe', TARGET.v4);
      // while it runs
      await field.network.ip6('probe', `route del ${WAY6}`, `addr del ${PROBE.v6}/64 dev to-r1`);
      await families({ ipv4: true, ipv6: false });
    }, LIMIT_MS);
    afterAll(async () => {
      await field.stopProbes();
      await field.network.ip6('probe', `addr add ${PROBE.v6}/64 dev to-r1 nodad`, `route add ${WAY6}`);
    });

    test.each([
      ['ping', { fqdns: [SIX] }],
      ['traceroute', { ips: [TARGET.v6] }],
      ['mtr', { ips: [TARGET.v6] }],
      ['ping', { fqdns: [DUAL], ipv6: '' }],
      ['http', { urls: [`http://${SIX}/`, `http://[${TARGET.v6}]/`] }],
      ['tls', { fqdns: [SIX] }],
      ['ntp', { fqdns: [SIX] }],
      ['dns', { fqdns: [DUAL], resolver: TARGET.v6 }],
    ])(
      '%s of what has IPv6 only fails with that reason: %j',
      async (kind, params) => {
        expect(await failure(kind, params)).toMatchObject({ outcome: 'failed', reason: 'no_family' });
      },
      LIMIT_MS,
    );

    test(
      'dns has no way to the resolvers of the host; one that it can reach is asked in their place',
      async () => {
        try {
          await field.network.setResolver('probe', TARGET.v6, HOME.v6);
          expect(await failure('dns', { fqdns: [DUAL] })).toEqual({
            outcome: 'failed',
            reason: 'no_family',
            detail: `this probe has no IPv6 route to ${TARGET.v6} (no_family), nor to the other one`,
          });
          await field.network.setResolver('probe', TARGET.v6, TARGET.v4);
          expect((await one('dns', { fqdns: [DUAL] })).summary).toMatchObject([
            { resolver: TARGET.v4, rcode: 'NOERROR', error: null },
          ]);
        } finally {
          await field.network.setResolver('probe', TARGET.v4);
        }
      },
      LIMIT_MS,
    );

    test.each([
      ['http', { urls: [`https://[${TARGET.v6}]/1`, `https://${DUAL}/1`, `https://${SIX}/1`] }],
      ['tls', { ips: [TARGET.v6, `::ffff:${TARGET.v4}`], fqdns: [SIX] }],
      ['ntp', { ips: [TARGET.v6, `::ffff:${TARGET.v4}`], fqdns: [SIX], samples: 1 }],
    ])(
      '%s: what has IPv6 only stands in the result with that reason, beside what was measured',
      async (kind, params) => {
        const { decoded } = await one(kind, params);
        expect(decoded).toMatchObject([
          { address: TARGET.v6, error: 'no_family' },
          { address: TARGET.v4, error: null },
          { address: TARGET.v6, error: 'no_family' },
        ]);
      },
      LIMIT_MS,
    );

    test(
      'it stands with its reason beside those that were measured',
      async () => {
        for (const [kind, params] of [
          ['ping', PATIENT],
          ['mtr', { packets: 1 }],
        ] as const)
          expect(told(await one(kind, { fqdns: [SIX, DUAL], ...params }))).toEqual([
            [SIX, TARGET.v6, 'no_family'],
            [DUAL, TARGET.v4, null],
          ]);
      },
      LIMIT_MS,
    );
  });

  describe('with IPv6 only', () => {
    beforeAll(async () => {
      await field.network.setResolver('probe', TARGET.v6);
      await field.network.ip('probe', `route del ${WAY4}`, `addr del ${PROBE.v4}/24 dev to-r1`);
      ({ id } = await field.probe(field.gate.urls.v6, { NODE_EXTRA_CA_CERTS: authority.file }));
      await families({ ipv4: false, ipv6: true });
    }, LIMIT_MS);
    afterAll(async () => {
      await field.stopProbes();
      await field.network.ip('probe', `addr add ${PROBE.v4}/24 dev to-r1`, `route add ${WAY4}`);
    });

    // RFC 6724, section 5, rule 1; getaddrinfo(3) with AI_ADDRCONFIG, curl and ping(8) take the IPv6 address here
    test(
      'every kind measures a name over IPv6',
      async () => {
        expect(told(await one('ping', { fqdns: [DUAL], ...PATIENT }))).toEqual([[DUAL, TARGET.v6, null]]);
        expect(told(await one('traceroute', { fqdns: [DUAL], ...TRACED }))).toEqual([
          [DUAL, TARGET.v6, null],
        ]);
        expect(told(await one('mtr', { fqdns: [DUAL], packets: 1 }))).toEqual([[DUAL, TARGET.v6, null]]);
        const kinds: [string, object][] = [
          ['http', { urls: [`https://${DUAL}/1`] }],
          ['tls', { fqdns: [DUAL] }],
          ['ntp', { fqdns: [DUAL], samples: 1 }],
        ];
        for (const [kind, params] of kinds)
          expect((await one(kind, params)).decoded).toMatchObject([{ address: TARGET.v6, error: null }]);
      },
      LIMIT_MS,
    );

    test(
      'what has IPv4 only fails with that reason',
      async () => {
        expect(await failure('ping', { fqdns: [FOUR] })).toEqual({
          outcome: 'failed',
          reason: 'no_family',
          detail: `this probe has no IPv4 route to ${TARGET.v4} (no_family)`,
        });
      },
      LIMIT_MS,
    );
  });
});
