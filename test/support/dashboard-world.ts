import { Address, decode, encode, type TraceRecord } from '@pladmed/warts';
import { readFileSync } from 'node:fs';
import { KIND_NAMES, type KindName } from '../../src/measurement/kinds/index.js';
import { type Account, type ApiWorld, type Operation, type Registered } from './api-world.js';
import { CLOCK, dnsResult, failedRun, type NativeProbe, ntpResult, pingResult } from './native-probe.js';
import { madePings } from './pings.js';

const MINUTE_MS = 60_000;
const RUNS = 180;
const TRACE = new URL(
  '../../warts/test/fixtures/018-trace-P-icmp-paris-w-1-q-2-10-77-6-2.warts',
  import.meta.url,
);
/** Where measuring points stand: a name, longitude, latitude. */
const PLACES = [
  ['Buenos Aires', -58.38, -34.6],
  ['Montevideo', -56.16, -34.9],
  ['São Paulo', -46.63, -23.55],
  ['Santiago', -70.65, -33.45],
  ['Amsterdam', 4.9, 52.37],
  ['Praha', 14.42, 50.09],
  ['Nairobi', 36.82, -1.29],
  ['東京', 139.69, 35.69],
  ['Wellington', 174.78, -41.29],
  ['Chicago', -87.63, 41.88],
  ['Reykjavík', -21.9, 64.15],
  ['<b>markup</b> & "quotes" ' + 'with a very long name '.repeat(3), 28.04, -26.2],
] as const;

export interface DashboardWorld {
  owner: Account;
  probes: Registered[];
  /** by kind */
  operations: Record<string, Operation>;
  site: string;
  /** one of the connected probes, for results that come while somebody looks */
  connected: NativeProbe;
  /** when a run was due of which nothing has come yet, by operation */
  lastRun: (operation: string) => string;
}

/** Fills a server with what the dashboard shows: probes, measurements of each kind with results, a site, a key, an import. */
export async function fillDashboard(world: ApiWorld): Promise<DashboardWorld> {
  const owner = await world.account(5_000_000);
  const probes: Registered[] = [];
  for (const [name, longitude, latitude] of PLACES) {
    const location = { longitude, latitude };
    const network = probes.length === 0 ? { asn_v4: 64_500, prefix_v4: '192.0.2.0/24' } : {};
    probes.push(
      await world.probe(owner, {
        name: name.slice(0, 100),
        location,
        tags: ['fibre', 'as:64500'],
        ...network,
      }),
    );
  }
  const auth = { capabilities: { kinds: KIND_NAMES, ipv4: true, ipv6: true } };
  const connected = await Promise.all(probes.slice(0, 3).map((probe) => world.connect(probe, { auth })));
  const [first] = connected;
  if (first === undefined) throw new Error('no probe is connected');
  await first.status({
    ...{ backlog: { results: 3, bytes: 9_000 }, running: 1, in_use_credits: 0 },
    clock: { ...CLOCK, offset_ms: 2_400 },
  });
  const filled = new Filling(world, owner, probes.slice(0, 3), connected);
  const operations: Record<string, Operation> = {};
  for (const kind of KIND_NAMES) operations[kind] = await filled.operation(kind);
  operations['private'] = await world.operation(owner, probes.slice(0, 1), {
    ...{ visibility: 'private', tags: ['uplink', 'ticket:4711'] },
    description: `<img src=x onerror=alert(1)> ${'of the uplink that was slow in November '.repeat(6)}`.slice(
      0,
      255,
    ),
  });
  const site = 'FIUBA 1';
  await put(owner, `/api/v1/sites/${encodeURIComponent(site)}`, {
    contact: 'Network operations, noc@example.org',
    address: {
      lines: ['Av. Paseo Colón 850', 'Piso 4'],
      region: 'CABA',
      postcode: 'C1063ACV',
      country: 'AR',
    },
    location: { longitude: -58.3816, latitude: -34.6037 },
    notes: 'Key at the porter; rack 7.',
  });
  await put(owner, `/api/v1/sites/${encodeURIComponent(site)}/instruments/${probes[0]?.id ?? ''}`, {
    hardware: 'Raspberry Pi 5',
    mac_address: '02-00-5E-10-00-01',
  });
  await owner.api.post('/api/v1/users/me/keys', { name: 'collector', scopes: ['read', 'measure'] });
  await fetch(`${world.server.url}/api/v1/imports?name=trace.warts`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${owner.api.token ?? ''}`, 'Content-Type': 'application/octet-stream' },
    body: readFileSync(TRACE),
  });
  const lastRun = (operation: string): string => filled.lastRuns.get(operation) ?? '';
  return { owner, probes, operations, site, connected: first, lastRun };
}

async function put({ api }: Account, path: string, json: object): Promise<void> {
  const { status, text } = await api.send('PUT', path, { json });
  if (status >= 300) throw new Error(text);
}

const PARAMS: Record<string, object> = {
  ping: { ips: ['192.0.2.1'] },
  traceroute: { ips: ['192.0.2.1'] },
  dns: { fqdns: ['example.org'], resolver: '192.0.2.53' },
  http: { urls: ['https://example.org/'] },
  tls: { fqdns: ['example.org'] },
  ntp: { ips: ['192.0.2.1'] },
  mtr: { ips: ['192.0.2.1'] },
} satisfies Record<KindName, object>;

/** Makes operations that began hours ago, with a result of each run. */
class Filling {
  readonly lastRuns = new Map<string, string>();

  constructor(
    private readonly world: ApiWorld,
    private readonly owner: Account,
    private readonly probes: Registered[],
    private readonly connected: readonly NativeProbe[],
  ) {}

  async operation(kind: string): Promise<Operation> {
    const stop = new Date(Date.now() + (2 * RUNS + 60) * MINUTE_MS).toISOString();
    const operation = await this.world.operation(this.owner, this.probes, {
      kind,
      params: PARAMS[kind],
      schedule: { type: 'interval', every_s: 60, stop },
    });
    const due = await this.world.began(operation, RUNS * MINUTE_MS);
    this.lastRuns.set(operation.id, due(RUNS - 2));
    for (const [which, probe] of this.connected.entries()) {
      await probe.told(operation.id);
      const runs = Array.from({ length: RUNS - 5 }, (_, run) => run).filter((run) => run < 60 || run > 75);
      for (let at = 0; at < runs.length; at += 50) {
        const batch = runs.slice(at, at + 50);
        const came = batch.filter((run) => run % 41 !== 7);
        const answer = await probe.results(
          came.map((run) => resultOf(kind, operation.id, due(run), run, which)),
        );
        const refused = answer.items?.find(({ status }) => status !== 'stored');
        if (answer.error !== undefined || refused !== undefined) throw new Error(JSON.stringify(answer));
        const failed = batch.filter((run) => run % 41 === 7);
        if (failed.length > 0) await probe.failed(failed.map((run) => failedRun(operation.id, due(run))));
      }
    }
    return operation;
  }
}

/** Figures that look like those of a network: a day's swing, jitter, now and then loss. */
function wave(run: number, which: number): number {
  return 12 + which * 18 + 4 * Math.sin(run / 20 + which) + ((run * 7919 + which * 104_729) % 97) / 40;
}

function resultOf(kind: string, id: string, at: string, run: number, which: number): object {
  const ms = wave(run, which);
  switch (kind) {
    case 'ping': {
      const lost = run % 37 < 2 ? (run % 3) + 1 : 0;
      const answers = Array.from({ length: 4 - lost }, (_, packet) => ({
        packet,
        rttUs: Math.round((ms + (packet * packet) / 3) * 1_000),
      }));
      return pingResult(id, at, { content: madePings([{ sent: 4, answers, userid: 1 }]) });
    }
    case 'traceroute':
      return pingResult(id, at, { content: madeTrace(pathOf(run, which), ms) });
    case 'dns':
      return run % 29 === 3 && which === 2 ? dnsResult(id, at, REFUSED_ANSWER) : dnsResult(id, at);
    case 'ntp':
      return ntpResult(id, at, 2 + which);
    default:
      return dnsResult(id, at, { format: kind, content: documentOf(kind, at, ms, run, which) });
  }
}

const REFUSED_ANSWER = {
  content: Buffer.from(
    JSON.stringify({
      version: 1,
      queries: [
        {
          ...{ name: 'example.org', type: 'A', resolver: '192.0.2.53', port: 53, transport: 'udp' },
          ...{ sent_at: '2026-01-01T00:00:00.000Z', rtt_ms: 80, error: null },
          ...{ query: 'AAEBAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=' },
          ...{ response: 'AAGBggABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=' },
        },
      ],
    }),
  ),
};

function documentOf(kind: string, at: string, ms: number, run: number, which: number): Buffer {
  const certificate = {
    ...{ subject: 'CN=example.org', issuer: 'CN=Example CA' },
    ...{ not_before: '2026-01-01T00:00:00.000Z', not_after: '2027-01-20T00:00:00.000Z' },
    fingerprint_sha256: (which === 2 ? 'ab' : 'cd').repeat(32),
  };
  const session = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', alpn: 'h2' };
  const trusted = { authorized: true, authorization_error: null };
  if (kind === 'mtr') return reportOf(at, ms, run, which);
  if (kind === 'tls')
    return written({
      handshakes: [
        {
          ...{ destination: 'example.org', address: '192.0.2.44', port: 443, server_name: 'example.org' },
          ...{ started_at: at, ...session, ...certificate, ...trusted, chain: [], chain_truncated: false },
          timings: { resolve_ms: 1.5, connect_ms: ms, handshake_ms: ms * 2, total_ms: ms * 3 + 1.5 },
          error: null,
        },
      ],
    });
  return written({
    requests: [
      {
        ...{ url: 'https://example.org/', method: 'GET', address: '192.0.2.80', port: 443, started_at: at },
        ...{ http_version: '1.1', status: run % 31 === 5 ? 503 : 200, header_bytes: 300, body_bytes: 1_256 },
        ...{ truncated: false, location: null, error: null },
        tls: { ...session, ...certificate, ...trusted },
        timings: {
          ...{ resolve_ms: 2, connect_ms: ms, tls_ms: ms * 2, first_byte_ms: ms * 1.5 },
          total_ms: 2 + ms * 5,
        },
      },
    ],
  });
}

/** Three packets to each hop; those to the third get lost now and then, as do those to the end. */
function reportOf(at: string, ms: number, run: number, which: number): Buffer {
  const path = pathOf(run, which);
  const hops = path.map(({ address }, index) => {
    const lost = address === null ? 3 : run % 5 === 0 && (index === 2 || index === path.length - 1) ? 1 : 0;
    const replies = Array.from({ length: 3 - lost }, (_, packet) => ({
      ...{ packet: packet + 1, address, rtt_ms: (ms * (index + 1)) / path.length + packet / 4 },
    }));
    return { ttl: index + 1, sent: 3, replies };
  });
  return written({
    reports: [
      {
        ...{ destination: '192.0.2.1', address: '192.0.2.1', resolve_ms: null, source: '10.0.0.2' },
        ...{ sent_at: at, packets: 3, reached: true, stop_reason: 'COMPLETED', hops, error: null },
      },
    ],
  });
}

const written = (members: object): Buffer => Buffer.from(JSON.stringify({ version: 1, ...members }));

interface Hop {
  address: string | null;
  label?: number;
}

/** From each probe another way in, the same way out; some minutes ago another router took over. */
function pathOf(run: number, which: number): Hop[] {
  const core = run > 120 ? '198.51.100.9' : '198.51.100.7';
  return [
    { address: `10.${which}.0.1` },
    { address: which === 1 ? null : `203.0.113.${which + 1}` },
    { address: core, label: 24_001 },
    { address: '198.51.100.20', label: 24_005 },
    { address: '192.0.2.254' },
    { address: '192.0.2.1' },
  ];
}

function madeTrace(path: readonly Hop[], ms: number): Buffer {
  const sample = decode(readFileSync(TRACE)).records.find(
    (each): each is TraceRecord => each.type === 'trace',
  );
  const [onWay] = sample?.hops ?? [];
  const last = sample?.hops.at(-1);
  if (sample === undefined || onWay === undefined || last === undefined)
    throw new Error('the sample has no trace');
  const hops = path.flatMap(({ address, label }, index) => {
    if (address === null) return [];
    const step = {
      addr: ipv4(address),
      probe_ttl: index + 1,
      rtt_us: Math.round((ms * 1_000 * (index + 1)) / path.length),
    };
    if (index === path.length - 1) return [{ ...last, ...step }];
    return [{ ...onWay, ...step, extensions: label === undefined ? undefined : [mpls(label)] }];
  });
  return Buffer.from(
    encode([
      {
        ...sample,
        dst: ipv4('192.0.2.1'),
        hops,
        hop_count: path.length,
        probe_count: path.length + 1,
        userid: 1,
      },
    ]),
  );
}

function ipv4(text: string): Address {
  const word = Buffer.from(text.split('.').map(Number)).readInt32BE(0);
  return new Address(1, word, 0, 0, 0);
}

/** RFC 4950, a label stack of one; its TTL is 1. */
function mpls(label: number) {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(label * 4096 + 256 + 1);
  return { class: 1, type: 1, data: new Uint8Array(data) };
}
