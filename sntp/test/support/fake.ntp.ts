import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { performance } from 'node:perf_hooks';

const EPOCH_S = 2_208_988_800;
const BYTES = 48;

/** What a packet says; times are ms since 1970. */
export interface Said {
  leap?: number;
  version?: number;
  mode?: number;
  stratum?: number;
  precision?: number;
  rootDelayMs?: number;
  rootDispersionMs?: number;
  referenceId?: string;
  reference?: number;
  /** 0: the field stays empty */
  received?: number;
  transmitted?: number;
}

/** Answers a request as an honest server of stratum 2 would, but for what is given. */
export function answerTo(request: Buffer, said: Said & { received: number; transmitted: number }): Buffer {
  const packet = Buffer.alloc(BYTES);
  packet.writeUInt8(((said.leap ?? 0) << 6) | ((said.version ?? 4) << 3) | (said.mode ?? 4), 0);
  packet.writeUInt8(said.stratum ?? 2, 1);
  packet.writeInt8(6, 2);
  packet.writeInt8(said.precision ?? -20, 3);
  packet.writeUInt32BE(Math.round(((said.rootDelayMs ?? 1) / 1000) * 2 ** 16), 4);
  packet.writeUInt32BE(Math.round(((said.rootDispersionMs ?? 1) / 1000) * 2 ** 16), 8);
  packet.set(referenceBytes(said.referenceId ?? 'TEST'), 12);
  stamp(packet, 16, said.reference ?? said.received - 1_000);
  request.copy(packet, 24, 40, 48);
  stamp(packet, 32, said.received);
  stamp(packet, 40, said.transmitted);
  return packet;
}

/** Four bytes: of an address, or of up to four characters. */
function referenceBytes(id: string): Uint8Array {
  return isIPv4(id) ? Buffer.from(id.split('.').map(Number)) : Buffer.from(id.padEnd(4, '\0'), 'latin1');
}

function stamp(packet: Buffer, at: number, ms: number): void {
  if (ms <= 0) return;
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE((seconds + EPOCH_S) % 2 ** 32, at);
  packet.writeUInt32BE(Math.min(2 ** 32 - 1, Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32)), at + 4);
}

/** This host's wall clock, finer than Date.now(): found by watching it tick. */
export const wallClock: () => number = (() => {
  let base = Number.NEGATIVE_INFINITY;
  const end = performance.now() + 20;
  while (performance.now() < end) base = Math.max(base, Date.now() - performance.now());
  return () => base + performance.now();
})();

/** A time server whose clock is off by a known amount, behind ways that take a known time each. */
export class FakeNtp {
  /** Its clock minus this host's, ms. */
  skewMs = 0;
  /** What it says instead of the truth. */
  lie: Said = {};
  /** Of each question: there, in the server, and back, ms. */
  delays: () => [number, number, number] = () => [0, 0, 0];
  /** Sends the answer; tests put their own in its stead. */
  reply: (answer: Buffer, to: RemoteInfo, request: Buffer) => void = (answer, to) => {
    this.send(answer, to);
  };
  asked = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('message', (request, from) => {
      this.asked++;
      const [there, inside, back] = this.delays();
      after(there, () => {
        const received = wallClock() + this.skewMs;
        after(inside, () => {
          const transmitted = wallClock() + this.skewMs;
          const answer = answerTo(request, { received, transmitted, ...this.lie });
          after(back, () => {
            this.reply(answer, from, request);
          });
        });
      });
    });
  }

  static async start(address = '127.0.0.1'): Promise<FakeNtp> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return new FakeNtp(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(answer: Buffer, { port, address }: RemoteInfo): void {
    this.socket.send(answer, port, address, () => undefined);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(resolve));
  }
}

function after(ms: number, run: () => void): void {
  if (ms === 0) run();
  else setTimeout(run, ms);
}
