import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';

/**
 * What the door for Globalping is measured against: the same messages between a client and a probe, handed on as they are. Nobody is
 * asked who they are, nothing is checked, counted or kept.
 */
interface Test {
  status: string;
  rawOutput: string;
}

const tests = new Map<string, Test>();
let probe: Socket | undefined;
let count = 0;

async function bodyOf(request: IncomingMessage): Promise<{ type: string; target: string }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as { type: string; target: string };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Content-Type', 'application/json');
  if (request.method === 'POST') {
    const { type, target } = await bodyOf(request);
    count += 1;
    const id = String(count);
    tests.set(id, { status: 'in-progress', rawOutput: '' });
    const measurement = { type, target, timeout: 10, inProgressUpdates: true, ipVersion: 4, packets: 3 };
    probe?.emit('probe:measurement:request', { measurementId: id, testId: '0', measurement });
    response.writeHead(202).end(JSON.stringify({ id, probesCount: 1 }));
    return;
  }
  const id = request.url?.split('/').at(-1) ?? '';
  const test = tests.get(id);
  const status = test?.status === 'in-progress' ? test.status : 'finished';
  response.end(JSON.stringify({ id, status, results: [{ probe: {}, result: test }] }));
}

const http = createServer((request, response) => void answer(request, response));
const io = new Server(http);
io.of('/probes').on('connection', (socket) => {
  probe = socket;
  socket.emit('api:connect:isProxy', { isProxy: false });
  socket.on('probe:measurement:ack', (_nothing: unknown, start: () => void) => {
    start();
  });
  socket.on('probe:measurement:progress', (message: { measurementId: string; result: Test }) => {
    const test = tests.get(message.measurementId);
    if (test?.status === 'in-progress') test.rawOutput += message.result.rawOutput;
  });
  socket.on(
    'probe:measurement:result',
    ({ measurementId, result }: { measurementId: string; result: Test }) => {
      tests.set(measurementId, result);
    },
  );
});
http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'ready', port: (http.address() as AddressInfo).port }));
});
