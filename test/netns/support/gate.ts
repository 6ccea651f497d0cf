import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from './network.js';
import { HOME, SERVER_PORT } from './path.js';

/** Bytes that a trickle passes at once, and how often, ms. */
const DROP = 128;
const DROP_EVERY_MS = 30;

/** The way from the server's host in the network to a server that listens on this machine's 127.0.0.1. */
export class Gate {
  /** What a probe connects to. */
  readonly urls = {
    v4: `http://${HOME.v4}:${SERVER_PORT}`,
    v6: `http://[${HOME.v6}]:${SERVER_PORT}`,
  } as const;
  /** True: connections opened from now on pass a few bytes at a time, both ways. */
  trickles = false;
  /** Connections so far. */
  connections = 0;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly listening: Server,
    private server: string,
  ) {
    listening.on('connection', (front) => {
      this.connections++;
      this.pass(front);
    });
  }

  /** @param server like http://127.0.0.1:5000 */
  static async start(network: Network, server: string): Promise<Gate> {
    const path = `${network.folder}/gate`;
    const gate = new Gate(createServer(), server);
    gate.listening.listen(path);
    await once(gate.listening, 'listening');
    const script = new URL('forward.ts', import.meta.url).pathname;
    const command = [process.execPath, '--import', 'tsx', script, String(SERVER_PORT), path];
    await network.serve('home', 'tcp', SERVER_PORT, command);
    return gate;
  }

  /** Another server stands there from now on. */
  lead(server: string): void {
    this.server = server;
    this.cut();
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.listening.close();
    await once(this.listening, 'close');
  }

  private pass(front: Socket): void {
    const { hostname, port } = new URL(this.server);
    const back = connect(Number(port), hostname);
    for (const [one, other] of [
      [front, back],
      [back, front],
    ] as const) {
      this.open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.open.delete(one);
        other.destroy();
      });
      if (this.trickles) one.pipe(trickle()).pipe(other);
      else one.pipe(other);
    }
  }
}

function trickle(): Transform {
  return new Transform({
    highWaterMark: DROP,
    transform(chunk: Buffer, _encoding, done) {
      const pour = async (): Promise<void> => {
        for (let from = 0; from < chunk.length; from += DROP) {
          await sleep(DROP_EVERY_MS);
          this.push(chunk.subarray(from, from + DROP));
        }
      };
      pour().then(() => {
        done();
      }, done);
    },
  });
}
