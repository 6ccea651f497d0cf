import mongoose from 'mongoose';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { GroupCommit } from '../../src/platform/batching/group-commit.js';

/**
 * The least that durable results can cost with these libraries: Socket.IO, one `insertMany` for a batch (majority, journaled), the
 * acknowledgement. Nothing is checked, decoded or accounted for. Documents and indexes are those of the platform, in another database
 * of the same mongod.
 */
const { MongoClient, ObjectId } = mongoose.mongo;
const [uri = '', operationId = '', most = ''] = process.argv.slice(2);
const client = await new MongoClient(uri).connect();
const stored = client.db().collection('results');
const model = await stored.findOne({ operation: new ObjectId(operationId), outcome: 'stored' });
if (model === null) throw new Error(`there is no result of ${operationId}`);
const results = client.db('bound').collection('results');
for (const { key, name, unique, partialFilterExpression } of await stored.indexes())
  if (name !== '_id_')
    await results.createIndexes([
      {
        key,
        ...(unique === true && { unique }),
        ...(partialFilterExpression !== undefined && { partialFilterExpression }),
      },
    ]);

const batches = new GroupCommit<mongoose.mongo.Document>(
  async (documents) => {
    const received_at = new Date();
    for (const document of documents) document['received_at'] = received_at;
    await results.insertMany([...documents], { writeConcern: { w: 'majority', journal: true } });
    return documents.map(() => undefined);
  },
  { most: Number(most) },
);

interface Message {
  operation_id: string;
  unique_code: string;
  content: Buffer;
}

const http = createServer();
const io = new Server(http);
io.on('connection', (socket) => {
  const probe = new ObjectId();
  socket.on('results', (message: Message, acknowledge: (id: string) => void) => {
    const { operation_id, unique_code, content } = message;
    const operation = new ObjectId(operation_id);
    const document = { ...model, _id: new ObjectId(), operation, probe, unique_code, raw: content };
    void batches.add(document).then(() => {
      acknowledge(operation_id);
    });
  });
});
http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'ready', port: (http.address() as AddressInfo).port }));
});
