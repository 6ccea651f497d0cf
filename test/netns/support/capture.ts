import type { Network } from './network.js';
import type { Program } from './program.js';

/** A packet on an interface of a node. */
export interface Seen {
  /** It came from elsewhere; on the loopback interface nothing does. */
  isIncoming: boolean;
  /** The address that it goes to. */
  to: string;
  /** The line that tcpdump printed. */
  line: string;
}

const LINE = /^\S+ (\S+)\s+(In|Out|M|B|P)\s+IP6? \S+ > (\S+): /;
/** An IPv4 address has four numbers; the one behind them, or behind an IPv6 address, is a port. */
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+|[\da-f:]+(?:\d+\.\d+\.\d+\.\d+)?)\.\d+$/;

/** Sees every IP packet on every interface of a node, the loopback one too: a real tcpdump. */
export class Capture {
  private constructor(private readonly program: Program) {}

  static async start(network: Network, node: string): Promise<Capture> {
    // Each packet at once, and of each its beginning: then there is room for many, should the machine be busy.
    const options = '--immediate-mode -s 256 -B 8192 -Z root -i any -nn -l -p'.split(' ');
    const command = ['tcpdump', ...options, 'ip or ip6'];
    const program = network.spawn(node, command);
    await program.until('it listens', () =>
      program.lines.some((line) => line.startsWith('listening on any')),
    );
    return new Capture(program);
  }

  get packets(): Seen[] {
    return this.program.lines.flatMap((line) => {
      const [, link, direction, to] = LINE.exec(line) ?? [];
      if (to === undefined) return [];
      return [{ isIncoming: link !== 'lo' && direction !== 'Out', to: WITH_PORT.exec(to)?.[1] ?? to, line }];
    });
  }

  /** How many went to an address. */
  count(address: string): number {
    return this.packets.filter(({ to }) => to === address).length;
  }

  /** Waits until that many packets to this address were seen. */
  async sees(to: string, times = 1): Promise<void> {
    await this.program.until(`${times} packets to ${to}`, () => this.count(to) >= times);
  }

  /** @returns how many packets the kernel had no room for */
  async stop(): Promise<number> {
    await this.program.stop('SIGINT');
    const lost = this.program.lines.map((line) => /^(\d+) packets? dropped by kernel/.exec(line)?.[1]);
    return Number(lost.find((count) => count !== undefined) ?? Number.NaN);
  }
}
