import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeServer } from '../../probe/test/support/fake.server.js';
import { operation } from '../../probe/test/support/operations.js';
import type { Schedule } from '../../probe/src/protocol/protocol.js';
import type { KindName } from '../../src/measurement/kinds/index.js';
import type { Operation } from '../support/api-world.js';
import { Capture } from './support/capture.js';
import { Field, LIMIT_MS, type Result } from './support/field.js';
import { v6 } from './support/network.js';
import { onNetwork } from './support/on-network.js';
import { HOME, serveNames, ZONE } from './support/path.js';
import type { RealProbe } from './support/probe.js';

/** Of AS112 (RFC 7534): public by every rule, nobody's host, and here one of the test's own. */
const PUBLIC = { v4: '192.31.196.1', v6: '2620:4f:8000::1' } as const;

interface Denied {
  address: string;
  /** What the user reads. */
  rule: string;
  /** Where the system sends what is meant for it; null: without a zone it sends nothing. */
  goesTo: string | null;
}

/** What no probe measures unless its host allows it: an address of every kind of rule. */
const DENIED: readonly Denied[] = [
  { address: '127.0.0.1', rule: 'loopback (127.0.0.0/8)', goesTo: '127.0.0.1' },
  { address: '10.0.0.1', rule: 'private (10.0.0.0/8)', goesTo: '10.0.0.1' },
  { address: '169.254.169.254', rule: 'metadata (169.254.169.254/32)', goesTo: '169.254.169.254' },
  { address: '::ffff:169.254.169.254', rule: 'metadata (169.254.169.254/32)', goesTo: '169.254.169.254' },
  { address: '::1', rule: 'loopback (::1/128)', goesTo: '::1' },
  { address: 'fe80::1', rule: 'link-local (fe80::/10)', goesTo: null },
  { address: 'fc00::1', rule: 'private (fc00::/7)', goesTo: 'fc00::1' },
  { address: '224.0.0.1', rule: 'multicast (224.0.0.0/4)', goesTo: '224.0.0.1' },
  { address: '0.0.0.0', rule: 'this host (0.0.0.0/8)', goesTo: '127.0.0.1' },
  { address: '100.64.0.1', rule: 'shared address space (100.64.0.0/10)', goesTo: '100.64.0.1' },
  { address: '64:ff9b::a00:1', rule: 'private (10.0.0.0/8)', goesTo: '64:ff9b::a00:1' },
];

const nameOf = (index: number): string => `denied-${index}.${ZONE}`;
const GOOD = `good.${ZONE}`;
/** A name with a good and a bad address, in each family. */
const MIXED = `mixed.${ZONE}`;
/** Another name for the second of the denied ones. */
const ALIAS = `alias.${ZONE}`;

const RECORDS = [
  ...DENIED.map(({ address }, index) => `host-record=${nameOf(index)},${address}`),
  `host-record=${GOOD},${PUBLIC.v4},${PUBLIC.v6}`,
  `host-record=${MIXED},10.0.0.1,fc00::1`,
  `host-record=${MIXED},${PUBLIC.v4},${PUBLIC.v6}`,
  `cname=${ALIAS},${nameOf(1)}`,
];

const hostIn = (host: string): string => (host.includes(':') ? `[${host}]` : host);
/** URLs have one way to write an address. */
const inUrl = (host: string): string => new URL(`http://${hostIn(host)}/`).hostname.replace(/^\[|\]$/g, '');
const list = (host: string): object => (/^[\d.]+$|:/.test(host) ? { ips: [host] } : { fqdns: [host] });

/** Parameters that send a kind to a host: an address or a name. Of dns see below. */
const TO: Readonly<Record<string, (host: string) => object>> = {
  ping: (host) => ({ ...list(host), probecount: 1 }),
  traceroute: (host) => ({ ...list(host), method: 'icmp-paris', attempts: 1, wait: 1 }),
  http: (host) => ({ urls: [`http://${hostIn(host)}/`, `https://${hostIn(host)}:8443/`], timeout_s: 1 }),
  tls: (host) => ({ ...list(host), timeout_s: 1 }),
  ntp: (host) => ({ ...list(host), samples: 1, timeout_s: 1 }),
  mtr: (host) => ({ ...list(host), packets: 1 }),
} satisfies Record<Exclude<KindName, 'dns'>, (host: string) => object>;
/** Its resolver is given by its address: a name is only looked up. */
const ask = (resolver: string): object => ({ fqdns: [GOOD], resolver });

interface Asked {
  kind: string;
  params: object;
  refusal: string;
}

/** Every kind, sent to every denied address and to every name of one. */
const ASKED: readonly Asked[] = DENIED.flatMap(({ address, rule }, index) => {
  const because = `denied by default, ${rule}: `;
  // an IPv4-mapped address is the IPv4 address, for the policy and in what the user reads
  const shown = address.replace(/^::ffff:/, '');
  const why = because + shown;
  const named = `${nameOf(index)}: ${why}`;
  return [
    { kind: 'dns', params: ask(address), refusal: why },
    { kind: 'dns', params: ask(nameOf(index)), refusal: named },
    ...Object.entries(TO).flatMap(([kind, to]) => [
      { kind, params: to(address), refusal: kind === 'http' ? because + inUrl(shown) : why },
      { kind, params: to(nameOf(index)), refusal: named },
    ]),
  ];
});

interface Coverage {
  due: number;
  fates: Record<string, number>;
  failed_by_reason: Record<string, number>;
}

onNetwork('a probe with the default policy', () => {
  let field: Field;

  beforeAll(async () => {
    field = await Field.start();
    const { network } = field;
    await network.ip('home', `addr add ${PUBLIC.v4}/32 dev lo`, `addr add ${PUBLIC.v6}/128 dev lo`);
    await network.ip('r1', `route add ${PUBLIC.v4} via ${HOME.v4}`, `route add ${PUBLIC.v6} via ${HOME.v6}`);
    await serveNames(network, 'home', RECORDS);
    await network.setResolver('probe', HOME.v4);
  }, LIMIT_MS);
  afterAll(() => field.stop());

  /** What the rules of the default policy concern: nothing that this test sends is allowed by other ones. */
  const DEFAULT = { PLADMED_ALLOW: '' };

  /** Where a packet of this probe may go: its server, its resolver and its time server, and what the test allows; and its neighbours. */
  const EXPECTED = new Set<string>([HOME.v4, PUBLIC.v4, PUBLIC.v6]);
  /** How neighbours find each other (RFC 4861, RFC 3810): groups of a link, and the addresses of the router. */
  const ROUTER = v6(1, 2);
  const isNeighbour = (address: string): boolean =>
    address === ROUTER ||
    address.startsWith('ff02:') ||
    (address.startsWith('fe80:') && address !== 'fe80::1');

  /** The packets that left, on whatever interface, and should not have. */
  const strays = ({ packets }: Capture): string[] =>
    packets
      .filter(({ isIncoming, to }) => !isIncoming && !EXPECTED.has(to) && !isNeighbour(to))
      .map(({ line }) => line);

  async function coverage(id: string): Promise<Coverage> {
    return (await field.user.api.get<Coverage>(`/api/v1/operations/${id}/coverage`)).body;
  }

  test(
    'would send to each of them, if its host allowed it: there are ways there, and the capture sees them',
    async () => {
      const capture = await Capture.start(field.network, 'probe');
      const probe = await field.probe(field.gate.urls.v4, { ...DEFAULT, PLADMED_ALLOW_PRIVATE: '1' });
      await probe.process.logged('synced');
      const wanted = new Set(DENIED.flatMap(({ goesTo }) => goesTo ?? []));
      for (const { address, goesTo } of DENIED) {
        if (goesTo !== null) await field.measure(probe, 'ping', TO['ping']!(address));
      }
      for (const to of wanted) await capture.sees(to);
      for (const [kind, to] of Object.entries(TO)) {
        const before = capture.count('10.0.0.1');
        await field.measure(probe, kind, to(nameOf(1)));
        await capture.sees('10.0.0.1', before + 1);
      }
      await field.measure(probe, 'dns', ask('100.64.0.1'));
      await capture.sees('100.64.0.1', 2);
      await field.stopProbes();
      await capture.stop();
    },
    LIMIT_MS,
  );

  test(
    'sends no packet to any of them, and the user reads which rule refused it',
    async () => {
      const capture = await Capture.start(field.network, 'probe');
      const probe = await field.probe(field.gate.urls.v4, DEFAULT);
      await probe.process.logged('synced');
      const operations: Operation[] = [];
      for (const { kind, params } of ASKED) operations.push(await field.measure(probe, kind, params));
      const told: object[] = [];
      // One after the other: a hundred that ask the server at once are no measurement.
      for (const [index, each] of operations.entries()) {
        const { outcome, failure } = await field.result(each);
        const { due, fates, failed_by_reason } = await coverage(each.id);
        const { kind, params } = ASKED[index]!;
        told.push({ kind, params, outcome, failure, due, refused: fates['refused'], failed_by_reason });
      }
      await control(capture, probe);
      await field.stopProbes();
      expect(strays(capture)).toEqual([]);
      expect(told).toEqual(
        ASKED.map(({ kind, params, refusal }) => ({
          kind,
          params,
          outcome: 'failed',
          failure: { reason: 'refused', detail: expect.stringContaining(refusal) },
          due: 1,
          refused: 1,
          failed_by_reason: { refused: 1 },
        })),
      );
      expect(await capture.stop()).toBe(0);
    },
    LIMIT_MS,
  );

  /** The same probe under the same eye measures what it may. */
  async function control(capture: Capture, probe: { id: string }): Promise<void> {
    const all = [...Object.entries(TO), ['dns', ask] as const];
    for (const address of [PUBLIC.v4, PUBLIC.v6]) {
      const measured = await Promise.all(
        all.map(async ([kind, to]) => field.result(await field.measure(probe, kind, to(address)))),
      );
      expect(measured.map(({ outcome }) => outcome)).toEqual(all.map(() => 'stored'));
      await capture.sees(address, all.length);
    }
  }

  test(
    'measures the good address of a name that has a bad one too, and refuses another name of a bad one',
    async () => {
      const capture = await Capture.start(field.network, 'probe');
      const probe = await field.probe(field.gate.urls.v4, DEFAULT);
      await probe.process.logged('synced');
      for (const [kind, to] of Object.entries(TO)) {
        const [mixed, alias] = await Promise.all(
          [MIXED, ALIAS].map(async (name) => field.result(await field.measure(probe, kind, to(name)))),
        );
        expect([kind, mixed?.outcome, addressesOf(mixed)]).toEqual([kind, 'stored', [PUBLIC.v4]]);
        expect([kind, alias?.failure]).toEqual([
          kind,
          { reason: 'refused', detail: `${ALIAS}: denied by default, private (10.0.0.0/8): 10.0.0.1` },
        ]);
      }
      await field.stopProbes();
      expect(strays(capture)).toEqual([]);
      expect(await capture.stop()).toBe(0);
    },
    LIMIT_MS,
  );

  function addressesOf(result: Result | undefined): unknown[] {
    return [...new Set((result?.summary ?? []).map(({ address, dst }) => address ?? dst))];
  }

  test.each([
    ['ping', { ips: ['fe80::1%to-r1'] }, 'params.ips'],
    ['ping', { fqdns: ['2130706433'] }, 'params.fqdns'],
    ['traceroute', { fqdns: ['0x7f.1'] }, 'params.fqdns'],
    ['dns', { fqdns: [GOOD], resolver: '127.1' }, 'params.resolver'],
    ['http', { urls: ['http://0177.0.0.1/'] }, 'params.urls'],
    ['http', { urls: ['http://[fe80::1%25to-r1]/'] }, 'params.urls'],
    ['http', { urls: ['http://2852039166/'] }, 'params.urls'],
    ['tls', { fqdns: ['169.254.169.254.'] }, 'params.fqdns'],
    ['ntp', { fqdns: ['10.1'] }, 'params.fqdns'],
  ])('is not even asked for an address in disguise: %s %j', async (kind, params, wrong) => {
    const probe = await field.world.probe(field.user);
    const body = { kind, params, schedule: { type: 'once' }, probes: [probe.id] };
    const { status, body: problem } = await field.user.api.post('/api/v1/operations', body);
    expect({ status, fields: problem.errors?.map(({ field: name }) => name) }).toEqual({
      status: 400,
      fields: [wrong],
    });
  });

  describe('of a server that sends whatever it likes', () => {
    /** What our server does not let through is refused before there is a run, with the reason. */
    const DISGUISED = [
      { kind: 'ping', params: { ips: ['fe80::1%to-r1'] } },
      { kind: 'ping', params: { ips: ['127.0.0.1 -I 10.0.0.1'] } },
      { kind: 'traceroute', params: { fqdns: ['2130706433'] } },
      { kind: 'dns', params: { fqdns: [GOOD], resolver: '0x7f.1' } },
      { kind: 'http', params: { urls: ['http://0177.0.0.1/'] } },
      { kind: 'http', params: { urls: [`http://${PUBLIC.v4}@10.0.0.1/`] } },
      { kind: 'http', params: { urls: ['http://①②⑦.0.0.1/'] } },
      { kind: 'tls', params: { ips: ['127.1'] } },
      { kind: 'ntp', params: { fqdns: ['10.1'] } },
    ];

    let fake: FakeServer;

    beforeAll(async () => {
      fake = await FakeServer.start();
      field.gate.lead(fake.url);
    });
    afterAll(async () => {
      field.gate.lead(field.world.server.url);
      await fake.close();
    });

    test(
      'sends nothing, and says why',
      async () => {
        const capture = await Capture.start(field.network, 'probe');
        const probe: RealProbe = field.run('a.b.c', field.gate.urls.v4, DEFAULT);
        await probe.logged('connected');
        const plain = ASKED.map(({ kind, params }) => operation({ kind, params: { ...params } }));
        const disguised = DISGUISED.map((each) => operation(each));
        const answer = await fake.sync({ full: true, operations: [...plain, ...disguised], stopped: [] });
        expect(answer).toEqual({
          refused: disguised.map(({ operation_id }) => ({
            operation_id,
            reason: expect.stringMatching(/^bad_params: params\.\w+ must be /),
          })),
        });
        const good = operation({ params: { ips: [PUBLIC.v4], probecount: 1 } });
        await fake.sync({ full: false, operations: [good], stopped: [] });
        await fake.until(() => fake.failures.size + fake.results.size === plain.length + 1);
        await capture.sees(PUBLIC.v4);
        await field.stopProbes();
        const said = plain.map(({ operation_id, schedule }) => {
          const { reason, detail } = fake.failures.get(`${operation_id} ${timeOf(schedule)}`) ?? {};
          return { reason, detail };
        });
        expect(strays(capture)).toEqual([]);
        expect(said).toEqual(
          ASKED.map(({ refusal }) => ({ reason: 'refused', detail: expect.stringContaining(refusal) })),
        );
        expect([...fake.results.values()].map(({ operation_id }) => operation_id)).toEqual([
          good.operation_id,
        ]);
        expect(await capture.stop()).toBe(0);
      },
      LIMIT_MS,
    );
  });
});

const timeOf = (schedule: Schedule): string => (schedule.type === 'once' ? schedule.at : '');
