/** Pings whose every answer, error and loss is planned, and a namespace in which hosts keep to the plan. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HOSTS = join(import.meta.dirname, '../corpus/planned-hosts.py');

export interface PlannedError {
  kind: 'error';
  type: number;
  code: number;
  from: string;
}
/** What is sent back for one probe. */
export type PlannedReply = { kind: 'answer' } | PlannedError;

export interface PlannedPing {
  dst: string;
  family: 4 | 6;
  /** Of scamper's `-P`. */
  method: string;
  /** For each probe, what is sent back, in order. */
  probes: PlannedReply[][];
}

/** Error types and codes that both iputils and scamper read as an error of a probe. */
const ERRORS4: (readonly [type: number, code: number])[] = [
  ...[0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13].map((code) => [3, code] as const),
  [11, 0],
];
const ERRORS6: (readonly [type: number, code: number])[] = [
  ...[0, 1, 2, 3, 4, 5, 6].map((code) => [1, code] as const),
  [3, 0],
];

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PROBES = 6;

/**
 * Pings of every other family.
 * @param network number from 1 of the hosts' network, and of the seed
 * @param only one thing for each probe: iputils ends when answers and errors are as many as the probes asked for
 */
export function planPings(
  count: number,
  methods: readonly string[],
  network: number,
  only: boolean,
): PlannedPing[] {
  const random = generator(network);
  const below = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: count }, (_, n) => {
    const family = n % 2 === 0 ? 4 : 6;
    const method = methods[(n >> 1) % methods.length]!;
    const host = `${1 + (n >> 7)}.${1 + (n & 127)}`;
    const dst = family === 4 ? `10.${network}.${host}` : `fd98:${network}::${(n + 16).toString(16)}`;
    const error = (): PlannedError => {
      const [type, code] = family === 4 ? ERRORS4[below(ERRORS4.length)]! : ERRORS6[below(ERRORS6.length)]!;
      const router = 1 + below(3);
      const from = below(4) === 0 ? dst : family === 4 ? `10.0.0.${router}` : `fd97::${router}`;
      return { kind: 'error', type, code, from };
    };
    // The first error of a host is that of all its probes, as it is with a router that has no route.
    const dead = below(8) === 0 ? error() : undefined;
    const probes = Array.from({ length: PROBES }, (__, i): PlannedReply[] => {
      if (dead !== undefined) return [dead];
      const draw = random();
      const copies = i < PROBES - 1 ? 1 + below(3) : 1;
      if (draw < 0.15) return [];
      if (draw < 0.4) return only || i === PROBES - 1 ? [error()] : Array.from({ length: copies }, error);
      if (!only && draw < 0.5 && i < PROBES - 1) return [error(), { kind: 'answer' }];
      if (draw < 0.7) return Array.from({ length: copies }, () => ({ kind: 'answer' as const }));
      return [{ kind: 'answer' }];
    });
    return { dst, family, method, probes };
  });
}

/** What comes back of a plan, by the rule of RFC 792 and RFC 4443: see `isAnswer`. */
export function figuresOf({ dst, family, method, probes }: PlannedPing) {
  const portUnreachable = family === 4 ? '3.3' : '1.4';
  const isAnswer = (reply: PlannedReply): boolean =>
    reply.kind !== 'error' ||
    (method.startsWith('udp') && reply.from === dst && `${reply.type}.${reply.code}` === portUnreachable);
  const answers = probes.map((replies) => replies.filter(isAnswer).length);
  const errors = new Map<string, number>();
  for (const reply of probes.flat()) {
    if (reply.kind !== 'error' || isAnswer(reply)) continue;
    const key = `${reply.type}.${reply.code} ${reply.from}`;
    errors.set(key, (errors.get(key) ?? 0) + 1);
  }
  const received = answers.filter((n) => n > 0).length;
  return {
    sent: probes.length,
    received,
    duplicates: answers.reduce((sum, n) => sum + n, 0) - received,
    errors: Object.fromEntries([...errors].sort()),
  };
}

const TOOLS = ['ip', 'python3', 'scamper', 'sysctl'];

/** Why no such namespace can be made here; undefined if it can. */
export function whyNoPlannedHosts(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root';
  for (const tool of TOOLS) {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
    } catch {
      return `${tool} is not installed`;
    }
  }
  const name = `warts-try-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    execFileSync('test', ['-c', '/dev/net/tun']);
    return undefined;
  } catch {
    return 'no network namespace or TUN interface can be made';
  }
}

/** A namespace, a router beside it, and behind that the hosts of the plans. */
export class PlannedHosts {
  private constructor(
    private readonly name: string,
    private readonly folder: string,
    private readonly hosts: ChildProcess,
  ) {}

  static async start(pings: readonly PlannedPing[]): Promise<PlannedHosts> {
    const name = `warts-${process.pid}`;
    const folder = mkdtempSync(join(tmpdir(), 'warts-hosts-'));
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify(Object.fromEntries(pings.map(({ dst, probes }) => [dst, probes]))));
    ip(`netns add ${name}-src`, `netns add ${name}-gw`);
    const words = [HOSTS, `${name}-gw`, 'hosts', plan];
    const network = new PlannedHosts(
      name,
      folder,
      spawn('python3', words, { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    try {
      await network.connect();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  async stop(): Promise<void> {
    if (this.hosts.exitCode === null) {
      this.hosts.kill('SIGTERM');
      await once(this.hosts, 'exit');
    }
    ip(`netns del ${this.name}-src`, `netns del ${this.name}-gw`);
    rmSync(this.folder, { recursive: true });
  }

  /** Where files of what runs in it may be put. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a program in the namespace, also one that ends with an error code. @returns its output */
  async output(...command: string[]): Promise<string> {
    const options = { maxBuffer: 1 << 26, env: { ...process.env, LC_ALL: 'C' } };
    try {
      return (await run('ip', ['netns', 'exec', `${this.name}-src`, ...command], options)).stdout;
    } catch (error) {
      const { code, stdout } = error as { code?: unknown; stdout?: string };
      if (typeof code !== 'number' || stdout === undefined) throw error;
      return stdout;
    }
  }

  /** scamper cannot send TCP over a TUN interface, so a router stands between. */
  private async connect(): Promise<void> {
    const [src, gw] = [`-n ${this.name}-src`, `-n ${this.name}-gw`];
    for (const setting of ['ipv4.ip_forward', 'ipv6.conf.all.forwarding']) {
      execFileSync('ip', ['netns', 'exec', `${this.name}-gw`, 'sysctl', '-qw', `net.${setting}=1`]);
    }
    ip(
      `link add name gw netns ${this.name}-src type veth peer name src netns ${this.name}-gw`,
      `${src} link set lo up`,
      `${src} link set gw up`,
      `${gw} link set src up`,
      `${src} addr add 10.0.1.1/24 dev gw`,
      `${gw} addr add 10.0.1.2/24 dev src`,
      `${src} addr add fd98::1/64 dev gw nodad`,
      `${gw} addr add fd98::2/64 dev src nodad`,
      `${src} route add default via 10.0.1.2`,
      `${src} -6 route add default via fd98::2`,
    );
    while (!ip(`${gw} -o link`).includes(': hosts:')) {
      if (this.hosts.exitCode !== null) throw new Error(`the hosts ended with ${this.hosts.exitCode}`);
      await pause(20);
    }
    ip(
      `${gw} link set hosts up`,
      `${gw} route add default dev hosts`,
      `${gw} -6 route add default dev hosts`,
    );
    // The neighbours know each other before the first probe.
    await this.output('ping', '-c', '1', '-W', '5', '10.0.1.2');
    await this.output('ping', '-c', '1', '-W', '5', 'fd98::2');
  }
}

/** Commands of ip(8). @returns what the last one printed */
function ip(...commands: string[]): string {
  return commands.reduce((_, words) => execFileSync('ip', words.split(' '), { encoding: 'utf8' }), '');
}
