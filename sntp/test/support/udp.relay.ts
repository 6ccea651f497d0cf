import { createSocket, type Socket } from 'node:dgram';

/** A way to a server on this host that takes time, each way its own. */
export class UdpRelay {
  private readonly ways = new Set<Socket>();

  private constructor(
    private readonly front: Socket,
    target: number,
    delays: () => [number, number],
  ) {
    front.on('message', (message, from) => {
      const [there, back] = delays();
      const way = createSocket('udp4').on('message', (answer) => {
        setTimeout(() => {
          front.send(answer, from.port, from.address, () => undefined);
          if (this.ways.delete(way)) way.close();
        }, back);
      });
      this.ways.add(way);
      setTimeout(() => {
        way.send(message, target, '127.0.0.1', () => undefined);
      }, there);
    });
  }

  /** @param delays of each question: there and back, ms */
  static async start(target: number, delays: () => [number, number]): Promise<UdpRelay> {
    const front = createSocket('udp4');
    await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
    return new UdpRelay(front, target, delays);
  }

  get port(): number {
    return this.front.address().port;
  }

  /** When nobody waits for an answer any more. */
  close(): void {
    for (const each of this.ways) each.close();
    this.ways.clear();
    this.front.close();
  }
}
