import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import * as parser from 'socket.io-parser';

/** What the platform is measured against: the same bytes, the same library, acknowledged without looking at them. */
class BatchDecoder extends parser.Decoder {
  constructor() {
    super({ maxAttachments: 100 });
  }
}

const http = createServer();
const io = new Server(http, {
  maxHttpBufferSize: 16 * 1024 * 1024,
  parser: { ...parser, Decoder: BatchDecoder },
});
io.on('connection', (socket) => {
  socket.on('results', (message: { operation_id: string }, acknowledge: (id: string) => void) => {
    acknowledge(message.operation_id);
  });
});
io.of('/probe').on('connection', (socket) => {
  socket.on('results', (items: unknown[], acknowledge: (answer: object) => void) => {
    acknowledge({ items: items.map(() => ({ status: 'stored' })) });
  });
});
http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'ready', port: (http.address() as AddressInfo).port }));
});
