import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Link, Network, v4, v6 } from './network.js';
import type { Program } from './program.js';

/*
 *   probe --1-- r1 ==2== r2 --3-- r3 --4-- r4 --5-- r5 --6-- target
 *                \                                   \\==7== lossy
 *                 \--9-- home                         \==8== twice
 *
 * r3 sends nothing of its own. Link 2 delays, link 5 has a small MTU, link 7 loses, link 8 duplicates. `target` has a name server;
 * `home` is where the Pladmed server stands, with a time server.
 */
export const DELAY_MS = 40;
export const LOSS = 0.1;
export const DUPLICATE = 0.25;
export const NARROW_MTU = 1300;

const LINKS: readonly Link[] = [
  { number: 1, near: 'probe', far: 'r1' },
  { number: 2, near: 'r1', far: 'r2', impairment: { delayMs: DELAY_MS, seed: 1 } },
  { number: 3, near: 'r2', far: 'r3' },
  { number: 4, near: 'r3', far: 'r4' },
  { number: 5, near: 'r4', far: 'r5', mtu: NARROW_MTU },
  { number: 6, near: 'r5', far: 'target' },
  { number: 7, near: 'r5', far: 'lossy', impairment: { loss: LOSS, seed: 2 } },
  { number: 8, near: 'r5', far: 'twice', impairment: { duplicate: DUPLICATE, seed: 3 } },
  { number: 9, near: 'r1', far: 'home' },
];
/** In the order of the path: router i is `far` of link i. */
const ROUTERS = ['r1', 'r2', 'r3', 'r4', 'r5'] as const;
const NODES = ['probe', 'home', ...ROUTERS, 'target', 'lossy', 'twice'];
const SILENT = 'r3';
/** The links of the probe and of home, which the answers go back to. */
const BACK = [1, 9];
/** Scamper measures an address once at a time: behind these links a whole network is the node's own. */
const CROWDS = { lossy: { link: 7, network: 107 }, twice: { link: 8, network: 108 } } as const;

const MOST_HOSTS = 250;

export const ZONE = 'net.test';
export const PROBE = { v4: v4(1, 1), v6: v6(1, 1) } as const;
export const TARGET = { v4: v4(6, 2), v6: v6(6, 2) } as const;
export const HOME = { v4: v4(9, 2), v6: v6(9, 2) } as const;
export const SERVER_PORT = 5000;
/** TXT records of 200 bytes that a name has: more than a UDP answer takes; more than a packet on the narrow link. */
export const TEXTS = { long: 15, wide: 7 } as const;

/** The path by names, as seen from the probe; null: silent. */
export const PATH = [...ROUTERS, 'target'].map((name) => (name === SILENT ? null : `${name}.${ZONE}`));

/** @returns addresses of a node behind a bad link. @param count at most MOST_HOSTS */
export function crowd(node: keyof typeof CROWDS, family: 4 | 6, count: number): string[] {
  const address = family === 4 ? v4 : v6;
  return Array.from({ length: count }, (_, index) => address(CROWDS[node].network, index + 1));
}

/** Builds the path, with its name server and its time server. */
export async function startPath(): Promise<{ network: Network; time: Program }> {
  const network = await Network.start(NODES, LINKS);
  try {
    await Promise.all(NODES.map((node) => network.ip(node, ...routes(node))));
    // What it would send itself finds no way: no "time exceeded", whatever expires there.
    await network.ip(SILENT, 'rule add iif lo blackhole');
    await network.ip6(SILENT, 'rule add iif lo blackhole');
    await network.setResolver('probe', TARGET.v4);
    const [time] = await Promise.all([startTime(network), startNames(network)]);
    return { network, time };
  } catch (error) {
    await network.stop();
    throw error;
  }
}

function routes(node: string): string[] {
  const link = LINKS.find(({ far }) => far === node)?.number ?? 0;
  const position = ROUTERS.findIndex((name) => name === node) + 1;
  if (node === 'probe') return via('default', 1, 2);
  if (position === 0) return [...via('default', link, 1), ...own(node)];
  const back = position === 1 ? [] : BACK.flatMap((number) => via(number, position, 1));
  if (position < ROUTERS.length) return [...back, ...via('default', position + 1, 2)];
  return [...back, ...Object.values(CROWDS).flatMap(({ link: to, network }) => via(network, to, 2))];
}

/** To the network of a link, or to everywhere, through one end of a link. */
function via(to: number | 'default', link: number, end: 1 | 2): string[] {
  const [four, six] = to === 'default' ? [to, to] : [`${v4(to, 0)}/24`, `${v6(to, 0)}/64`];
  return [`route add ${four} via ${v4(link, end)}`, `route add ${six} via ${v6(link, end)}`];
}

function own(node: string): string[] {
  const crowd = Object.entries(CROWDS).find(([name]) => name === node)?.[1];
  if (crowd === undefined) return [];
  const { network } = crowd;
  return [`route add local ${v4(network, 0)}/24 dev lo`, `route add local ${v6(network, 0)}/64 dev lo`];
}

/** Where the time of a node comes from: a chronyd that trusts its own clock, of which no probe would believe the bound. */
const SOURCE_PORT = 11_123;
/** Exits with 0 when the server at this address has a source. */
const IS_SYNCHRONISED = `
import socket, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(1)
asking.sendto(b'\\x23' + bytes(47), ('127.0.0.1', 123))
sys.exit(0 if 0 < asking.recv(100)[1] < 16 else 1)`;

/** A real chronyd that takes its time from another one on the same node, and never sets a clock. */
export async function startTime(network: Network, node: 'home' | 'target' = 'home'): Promise<Program> {
  const listening = await network.output(node, 'ss', '-Hlnu', 'sport', '=', `:${SOURCE_PORT}`);
  if (listening === '') {
    const source = ['local stratum 8', 'allow 127.0.0.1', `port ${SOURCE_PORT}`];
    await network.serve(node, 'udp', SOURCE_PORT, await chronyd(network, `${node}-source`, source));
  }
  const settings = [`server 127.0.0.1 port ${SOURCE_PORT} minpoll -6 maxpoll -6`, 'allow all'];
  const program = await network.serve(node, 'udp', 123, await chronyd(network, node, settings));
  await program.until('it has the time', () =>
    network.output(node, 'python3', '-c', IS_SYNCHRONISED).then(
      () => true,
      () => false,
    ),
  );
  return program;
}

async function chronyd(network: Network, name: string, settings: string[]): Promise<string[]> {
  const file = join(network.folder, `chrony-${name}.conf`);
  const pid = join(network.folder, `chrony-${name}.pid`);
  const lines = [...settings, 'cmdport 0', 'bindcmdaddress /', `pidfile ${pid}`, ''];
  await writeFile(file, lines.join('\n'));
  return ['chronyd', '-d', '-x', '-u', 'root', '-f', file];
}

/** A real name server that knows this network and nothing else. */
function startNames(network: Network): Promise<Program> {
  const hosts = [...ROUTERS.map((name, index) => [name, index + 1] as const), ['target', 6] as const];
  const records = hosts.map(([name, link]) => `host-record=${name}.${ZONE},${v4(link, 2)},${v6(link, 2)}`);
  return serveNames(network, 'target', [
    ...records,
    `host-record=six.${ZONE},${TARGET.v6}`,
    `host-record=four.${ZONE},${TARGET.v4}`,
    `host-record=twin.${ZONE},${TARGET.v4}`,
    `host-record=denied.${ZONE},${v4(CROWDS.twice.network, MOST_HOSTS)}`,
    ...Object.entries(TEXTS).flatMap(([name, count]) => texts(name, count)),
  ]);
}

/** A real dnsmasq. @param records lines of its configuration, like `host-record=NAME,ADDRESS` */
export async function serveNames(
  network: Network,
  node: string,
  records: readonly string[],
): Promise<Program> {
  const file = join(network.folder, `dnsmasq-${node}.conf`);
  const settings = [
    'no-resolv',
    'no-hosts',
    'user=root',
    'pid-file=',
    'port=53',
    'edns-packet-max=4096',
    `local=/${ZONE}/`,
    'local=/198.in-addr.arpa/',
    'local=/ip6.arpa/',
    ...records,
  ];
  await writeFile(file, `${settings.join('\n')}\n`);
  return network.serve(node, 'udp', 53, ['dnsmasq', '--keep-in-foreground', `--conf-file=${file}`]);
}

/** A real HTTPS server on the target. */
export async function startSite(
  network: Network,
  { key, cert }: { key: string; cert: string },
): Promise<void> {
  const [keyFile, certFile] = [join(network.folder, 'key.pem'), join(network.folder, 'cert.pem')];
  await Promise.all([writeFile(keyFile, key), writeFile(certFile, cert)]);
  const script = join(import.meta.dirname, 'site.ts');
  const command = [process.execPath, '--import', 'tsx', script, '443', keyFile, certFile];
  await network.serve('target', 'tcp', 443, command);
}

function texts(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return `txt-record=${name}.${ZONE},${String(index).padEnd(200, 'x')}`;
  });
}
