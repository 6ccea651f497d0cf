import { hash } from 'bcrypt';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestDatabase } from './database.js';
import { testMongo } from './mongod.js';
import { freePort, startServerAnywhere, type TestServer } from './server.js';

export const SECRET_KEY = 'a-secret-of-the-tests-0123456789';
/** bcrypt's least: what it protects is thrown away in a minute. */
const PASSWORD_COST = 4;

type Env = Parameters<typeof startServerAnywhere>[0];

/** A connection that is closed with the world. */
interface Closable {
  close(): void;
}

/** A server on an empty database of its own, at an address that stays its own: what all worlds of the tests stand on. */
export class ServerWorld {
  private readonly open: Closable[] = [];

  private constructor(
    readonly env: Env,
    public server: TestServer,
    private readonly startAgain: (env: Env) => Promise<TestServer>,
    readonly database: TestDatabase,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /**
   * @param settings of the server; they may name another database
   * @param start startServer() where a test needs the process: to kill it, or to look at it
   */
  static async start(
    settings: Record<string, string> = {},
    start: (env: Env) => Promise<TestServer> = startServerAnywhere,
  ): Promise<ServerWorld> {
    const mongo = await testMongo();
    const env = {
      MONGODB_URI: mongo.uri,
      SECRET_KEY,
      DATA_DIR: await mkdtemp(join(tmpdir(), 'pladmed-world-')),
      PORT: String(await freePort()),
      ...settings,
    };
    const server = await start(env);
    return new ServerWorld(env, server, start, new TestDatabase(env.MONGODB_URI), () => mongo.stop());
  }

  /** Makes a superuser past the command, which tests of its own prove, and which would take a process. */
  async makeSuperuser(email: string, password: string): Promise<void> {
    await this.database.collection('users').insertOne({
      email,
      password_hash: await hash(password, PASSWORD_COST),
      credits: 0,
      is_superuser: true,
      created_at: new Date(),
      updated_at: new Date(),
      revision: 1,
    });
  }

  /** @returns it; it is closed when the world stops */
  keep<T extends Closable>(connection: T): T {
    this.open.push(connection);
    return connection;
  }

  /** Starts the server again after it has ended: same address, same database. */
  async restart(): Promise<void> {
    this.server = await this.startAgain(this.env);
  }

  /** Closes what is connected, then ends the server. */
  async stop(): Promise<void> {
    for (const connection of this.open) connection.close();
    await this.shutDown();
  }

  /** SIGTERM while the probes are connected. @throws Error when the server does not end with 0 */
  async shutDown(): Promise<void> {
    const code = await this.server.stop();
    await this.database.close();
    await rm(this.env.DATA_DIR, { recursive: true, force: true });
    await this.dropDatabase();
    if (code !== 0) {
      throw new Error(`The server ended with ${String(code)}:\n${this.server.log.slice(-20).join('\n')}`);
    }
  }
}
