import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchange, NoReply, type Reply } from '../../src/exchange.js';
import { hostClock } from '../../src/clock.js';

export const hasChronyd = spawnSync('chronyd', ['-v'], { stdio: 'ignore' }).error === undefined;

/** A source: it serves this host's clock, which nobody sets. */
const LOCAL = 'local stratum 3';

/** A real chronyd on the loopback address, on a port of its own, that sets nothing. */
export class Chronyd {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
    private readonly upstream?: Chronyd,
  ) {}

  /** One that takes its time from a source and says how wrong it may be. */
  static async synchronised(): Promise<Chronyd> {
    const source = await Chronyd.local();
    return Chronyd.start(`server 127.0.0.1 port ${source.port} minpoll -6 maxpoll -6`, source);
  }

  /** One that serves its own clock. */
  static local(): Promise<Chronyd> {
    return Chronyd.start(LOCAL);
  }

  /** One that has no source. */
  static sourceless(): Promise<Chronyd> {
    return Chronyd.start('');
  }

  private static async start(source: string, upstream?: Chronyd): Promise<Chronyd> {
    const folder = await mkdtemp(join(tmpdir(), 'chronyd-'));
    const port = await freeUdpPort();
    const settings = [source, 'allow 127.0.0.1', 'bindaddress 127.0.0.1', `port ${port}`, 'cmdport 0'];
    const config = join(folder, 'chrony.conf');
    await writeFile(config, `${settings.join('\n')}\npidfile ${join(folder, 'pid')}\nbindcmdaddress /\n`);
    const child = spawn(
      'chronyd',
      ['-d', '-x', '-f', config, ...(process.getuid?.() === 0 ? ['-u', 'root'] : ['-U'])],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    while (child.exitCode === null) {
      const question = { address: '127.0.0.1', port, timeoutMs: 200, clock: hostClock };
      const reply = await exchange(question).catch((error: unknown) => error);
      if (reply instanceof NoReply) continue;
      if (reply instanceof Error) throw reply;
      const { stratum } = (reply as Reply).packet;
      if (upstream === undefined || stratum > 0) return new Chronyd(child, folder, port, upstream);
    }
    throw new Error(`chronyd ended with ${child.exitCode}: ${log}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
    await this.upstream?.stop();
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
