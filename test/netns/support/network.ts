import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './program.js';

const run = promisify(execFile);
const HERE = import.meta.dirname;
const RELAY = join(HERE, '../../../warts/test/corpus/relay.py');
/** Where the relays run: they join two other namespaces from a third one. */
const RELAYS = 'relays';
let networks = 0;

const TOOLS = ['ip', 'ss', 'sysctl', 'python3', 'scamper', 'chronyd', 'dnsmasq', 'openssl', 'tcpdump'];

/** @returns why no such network can be made on this machine; undefined when it can */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root';
  const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  const name = `pladmed-test-${process.pid}-try`;
  const tried = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'del', name]);
  return tried.status === 0 ? undefined : `no network namespace can be made: ${tried.stderr.trim()}`;
}

/** What a link does to the packets on it, in each direction; of relay.py. */
export interface Impairment {
  delayMs?: number;
  loss?: number;
  duplicate?: number;
  seed: number;
}

export interface Link {
  /** Gives the networks 198.18.N.0/24 and 2001:2:0:N::/64, in which `near` is 1 and `far` is 2. */
  number: number;
  near: string;
  far: string;
  mtu?: number;
  impairment?: Impairment;
}

/** Of the networks for benchmarks (RFC 2544, RFC 5180): nobody on the Internet has them. */
export const RANGES = ['198.18.0.0/15', '2001:2::/48'] as const;

export const v4 = (link: number, host: number): string => `198.18.${link}.${host}`;
export const v6 = (link: number, host: number): string => `2001:2:0:${link}::${host}`;

/**
 * Nodes that are network namespaces, and links between them. Nothing of it touches the machine's own network, and all of it goes
 * with `stop`, or with this process, whatever ends that.
 */
export class Network {
  private constructor(
    private readonly prefix: string,
    private readonly guard: ChildProcess,
    /** For the files of what runs in it. */
    readonly folder: string,
  ) {}

  static async start(nodes: readonly string[], links: readonly Link[]): Promise<Network> {
    const prefix = `pladmed-test-${process.pid}-${++networks}`;
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-net-'));
    const guard = spawn('sh', [join(HERE, 'guard.sh'), prefix, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    await once(guard.stdout, 'data');
    const network = new Network(prefix, guard, folder);
    try {
      await network.addNodes([...nodes, RELAYS]);
      await Promise.all(links.map((link) => network.connect(link)));
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  async stop(): Promise<void> {
    this.guard.stdin?.end();
    if (this.guard.exitCode === null) await once(this.guard, 'exit');
  }

  /** Runs commands of `ip` in a node. */
  async ip(node: string, ...commands: string[]): Promise<void> {
    await feed(['ip', '-n', this.name(node), '-batch', '-'], commands.join('\n'));
  }

  /** The same of `ip -6`. */
  async ip6(node: string, ...commands: string[]): Promise<void> {
    await feed(['ip', '-6', '-n', this.name(node), '-batch', '-'], commands.join('\n'));
  }

  /** Runs a program in a node. @returns its output */
  async output(node: string, ...command: string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', this.name(node), ...command]);
    return stdout;
  }

  spawn(node: string, command: readonly string[], env: Record<string, string> = {}): Program {
    return Program.start(['ip', 'netns', 'exec', this.name(node), ...command], env);
  }

  /** Starts a program that serves a port, and waits until it does. */
  async serve(node: string, protocol: 'udp' | 'tcp', port: number, command: string[]): Promise<Program> {
    const program = this.spawn(node, command);
    const listening = [`-Hln${protocol === 'udp' ? 'u' : 't'}`, 'sport', '=', `:${port}`];
    await program.until(`it serves ${port}`, async () => {
      return (await this.output(node, 'ss', ...listening)) !== '';
    });
    return program;
  }

  /** What the programs of a node ask for names, in this order. */
  async setResolver(node: string, ...addresses: string[]): Promise<void> {
    const folder = join('/etc/netns', this.name(node));
    await mkdir(folder, { recursive: true });
    const lines = addresses.map((address) => `nameserver ${address}\n`);
    await writeFile(join(folder, 'resolv.conf'), lines.join(''));
  }

  private async addNodes(nodes: readonly string[]): Promise<void> {
    await feed(['ip', '-batch', '-'], nodes.map((node) => `netns add ${this.name(node)}`).join('\n'));
    await Promise.all(
      nodes.map(async (node) => {
        await this.output(node, 'sysctl', '-qw', ...SETTINGS);
        await this.ip(node, 'link set lo up');
      }),
    );
  }

  private async connect(link: Link): Promise<void> {
    const { near, far, mtu = 1500 } = link;
    if (link.impairment === undefined) {
      const peer = `peer name to-${near} netns ${this.name(far)}`;
      await run('ip', `link add name to-${far} netns ${this.name(near)} type veth ${peer}`.split(' '));
    } else {
      await this.relay(link, link.impairment);
    }
    for (const [node, other, host] of [
      [near, far, 1],
      [far, near, 2],
    ] as const) {
      await this.ip(
        node,
        `addr add ${v4(link.number, host)}/24 dev to-${other}`,
        `addr add ${v6(link.number, host)}/64 dev to-${other} nodad`,
        `link set to-${other} mtu ${mtu} up`,
      );
    }
  }

  private async relay({ near, far }: Link, impairment: Impairment): Promise<void> {
    const { delayMs = 0, loss = 0, duplicate = 0, seed } = impairment;
    const options = { seed, delay: delayMs, loss, duplicate };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const ends = [this.name(near), `to-${far}`, this.name(far), `to-${near}`];
    const relay = this.spawn(RELAYS, ['python3', RELAY, ...words, ...ends]);
    await relay.until('it joins its ends', () => this.hasLink(far, `to-${near}`));
  }

  private async hasLink(node: string, link: string): Promise<boolean> {
    return (await this.output(node, 'ip', '-o', 'link')).includes(`: ${link}:`);
  }

  private name(node: string): string {
    return `${this.prefix}-${node}`;
  }
}

/** Every node forwards, answers each packet that expires, has its IPv6 addresses at once, and keeps them while a link is down. */
const SETTINGS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.icmp_ratelimit=0',
  'net.ipv6.icmp.ratelimit=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.all.keep_addr_on_down=1',
];

/** Runs a program with an input. @throws Error with what it complained about */
async function feed([program = '', ...words]: string[], input: string): Promise<void> {
  const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${complaint}\n${input}`);
}
