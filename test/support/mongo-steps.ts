import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A command that a server gave its database, and the collection it is about (empty for those about none). */
export interface Step {
  command: string;
  collection: string;
  inTransaction: boolean;
  /** the session that it is of; empty where there is none */
  session: string;
}

/** Says whether the reply to a step goes back; `false` ends all connections instead, and nothing passes any more. */
type Watcher = (step: Step) => boolean;

const HEADER_BYTES = 16;
const OP_MSG = 2013;
/** Flags of an OP_MSG, and the kind of its first section, which is the command: then its BSON document. */
const COMMAND_AT = HEADER_BYTES + 4 + 1;
const BSON_STRING = 0x02;
/** From its name to the bytes of its id: the name, a length, `id` with its type, a length and a subtype. */
const LSID_AT = 5 + 4 + 4 + 4 + 1;
const UUID_BYTES = 16;
/** Only commands of a transaction have this member. */
const AUTOCOMMIT = Buffer.from('autocommit\0');
/** What the driver says by itself. */
const HOUSEKEEPING = ['hello', 'isMaster', 'ismaster', 'ping', 'endSessions'];

/**
 * Stands between a server and its mongod and knows where one step ends and the next begins, so that a test can end the
 * server between any two of them. MongoDB's wire protocol: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
export class MongoSteps {
  private watcher: Watcher = () => true;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly listening: Server,
    private readonly target: number,
    readonly port: number,
  ) {
    listening.on('connection', (front) => {
      this.join(front);
    });
  }

  /** @param target port of mongod on 127.0.0.1 */
  static async start(target: number): Promise<MongoSteps> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new MongoSteps(server, target, address.port);
  }

  /** From now on each step is told when mongod has answered it, before the server knows. */
  watch(watcher: Watcher): void {
    this.watcher = watcher;
  }

  /** Everything passes. */
  rest(): void {
    this.watcher = () => true;
  }

  async stop(): Promise<void> {
    const closed = once(this.listening, 'close');
    this.listening.close();
    this.cut();
    await closed;
  }

  private join(front: Socket): void {
    const back = connect(this.target, '127.0.0.1');
    const asked = new Map<number, Step>();
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
    }
    front.on('data', (chunk: Buffer) => back.write(chunk));
    front.on(
      'data',
      splitter((message) => {
        const step = stepOf(message);
        if (step !== undefined) asked.set(message.readInt32LE(4), step);
      }),
    );
    back.on(
      'data',
      splitter((message) => {
        const answered = message.readInt32LE(8);
        const step = asked.get(answered);
        asked.delete(answered);
        if (step === undefined || this.watcher(step)) front.write(message);
        else this.cut();
      }),
    );
  }

  private cut(): void {
    for (const socket of this.open) socket.destroy();
  }
}

/** Puts messages together again from what comes over a socket. */
function splitter(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readInt32LE(0);
      if (rest.length < length) return;
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** The first element of the command's document: its key is the command, its value the collection. */
function stepOf(message: Buffer): Step | undefined {
  if (message.readInt32LE(12) !== OP_MSG || message[COMMAND_AT - 1] !== 0) return undefined;
  const type = message[COMMAND_AT + 4];
  const end = message.indexOf(0, COMMAND_AT + 5);
  const command = message.toString('utf8', COMMAND_AT + 5, end);
  if (HOUSEKEEPING.includes(command)) return undefined;
  const inTransaction = message.includes(AUTOCOMMIT);
  const lsid = message.indexOf('lsid\0');
  const session = lsid < 0 ? '' : message.toString('hex', lsid + LSID_AT, lsid + LSID_AT + UUID_BYTES);
  if (type !== BSON_STRING) return { command, collection: '', inTransaction, session };
  const length = message.readInt32LE(end + 1);
  return { command, collection: message.toString('utf8', end + 5, end + 4 + length), inTransaction, session };
}
