import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Packet } from 'dns-packet';

/** A name server for one zone on the loopback address, so that the demo asks nobody else's. @returns its port */
export async function startNameServer(zone: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    let query: Packet;
    try {
      query = decode(message);
    } catch {
      return;
    }
    const questions = query.questions ?? [];
    const answers = questions
      .filter(({ name, type }) => name.toLowerCase() === zone && type === 'A')
      .map(({ name }) => ({ type: 'A' as const, name, ttl: 60, data: '127.0.0.1' }));
    socket.send(
      encode({ type: 'response', id: query.id ?? 0, flags: 0x0400, questions, answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.unref();
  return socket.address().port;
}
