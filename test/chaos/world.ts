import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedMongo, startEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { testMongoOptions } from '../support/mongod.js';
import { RedisServer } from '../support/redis.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { ToxicProxy } from '../support/toxic-proxy.js';
import { LINKS, type Link } from './plan.js';
import { type Random } from './random.js';

const nothing = (): void => undefined;
const SILENT = { info: nothing, warn: nothing, error: nothing };
const AGAIN_MS = 200;

/** A mongod, a replica set of one, that can be killed and comes back at the same address. */
export class Mongod {
  private readonly dataDir: string;
  private starting: Promise<EmbeddedMongo> | undefined;
  private running: EmbeddedMongo | undefined;
  /** milliseconds since 1970 */
  readonly kills: number[] = [];

  constructor(folder: string) {
    this.dataDir = join(folder, 'mongod');
  }

  async start(): Promise<void> {
    this.starting = startEmbeddedMongo({ ...testMongoOptions(), dataDir: this.dataDir, log: SILENT });
    this.running = await this.starting;
  }

  get port(): number {
    return Number(new URL(this.running?.portUri ?? '').port);
  }

  async kill(): Promise<void> {
    this.kills.push(Date.now());
    await this.starting;
    this.signal('SIGKILL');
    // frees its folder; the process is gone already
    await this.running?.stop();
  }

  signal(signal: NodeJS.Signals): void {
    signalTo(this.running?.pid, signal);
  }
}

/** A server that somebody starts again whenever it has ended, as systemd would. */
export class Server {
  private pid: number | undefined;
  private running: TestServer | undefined;
  private wanted = false;
  private standing: Promise<void> = Promise.resolve();
  private readonly said: string[] = [];
  starts = 0;

  constructor(
    readonly name: string,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.env['PORT'] ?? ''}`;
  }

  /** @returns when it is ready */
  async start(): Promise<void> {
    this.wanted = true;
    this.standing = this.keepTrying();
    await this.standing;
  }

  async kill(): Promise<void> {
    this.wanted = false;
    signalTo(this.pid, 'SIGKILL');
    await this.standing;
    await this.running?.kill();
    this.forget();
  }

  /** @returns its exit code; undefined when it was not running */
  async stop(): Promise<number | null | undefined> {
    this.wanted = false;
    if (this.running === undefined) {
      await this.kill();
      return undefined;
    }
    const code = await this.running.stop();
    this.forget();
    return code;
  }

  signal(signal: NodeJS.Signals): void {
    signalTo(this.pid, signal);
  }

  /** All that its processes have said. */
  get log(): string[] {
    return [...this.said, ...(this.running?.log ?? [])];
  }

  /** false: it has ended, and nobody wanted it to */
  get isRunning(): boolean {
    if (this.pid === undefined) return false;
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  private forget(): void {
    this.said.push(...(this.running?.log ?? []));
    this.running = undefined;
    this.pid = undefined;
  }

  /** It may have been started while its database was away: then it ends by itself. */
  private async keepTrying(): Promise<void> {
    while (this.wanted) {
      try {
        this.starts += 1;
        this.running = await startServer(this.env, (pid) => {
          this.pid = pid;
        });
        return;
      } catch {
        this.pid = undefined;
        await delay(AGAIN_MS);
      }
    }
  }
}

/** All processes of a platform of two servers, and the networks between them. */
export class World {
  private constructor(
    readonly mongod: Mongod,
    readonly redis: RedisServer,
    readonly servers: readonly [Server, Server],
    readonly networks: Readonly<Record<Link, readonly [ToxicProxy, ToxicProxy]>>,
    /** past the networks */
    readonly databaseUri: string,
    readonly env: Record<string, string>,
  ) {}

  /** @param ending is told what has to be ended, as soon as it has begun: also when the rest does not begin */
  static async start(random: Random, ending: (() => Promise<void>)[]): Promise<World> {
    // whatever ends us must leave nothing behind
    const atExit: (() => void)[] = [];
    const onExit = (): void => {
      for (const end of atExit) end();
    };
    process.once('exit', onExit);
    ending.push(() => {
      process.removeListener('exit', onExit);
      return Promise.resolve();
    });
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-chaos-'));
    ending.push(() => rm(folder, { recursive: true, force: true }));
    const mongod = new Mongod(folder);
    await mongod.start();
    atExit.push(() => {
      mongod.signal('SIGKILL');
    });
    ending.push(() => mongod.kill());
    const redis = await RedisServer.start();
    atExit.push(() => {
      void redis.kill();
    });
    ending.push(() => redis.stop());
    const ports = [await freePort(), await freePort()] as const;
    const proxies = async (link: Link, targets: readonly [number, number]) => {
      const started = await Promise.all(
        targets.map((target, server) => {
          const chance = random.branch(`${link} ${server}`);
          return ToxicProxy.start(target, () => chance.next());
        }),
      );
      for (const proxy of started) ending.push(() => proxy.stop());
      return started as [ToxicProxy, ToxicProxy];
    };
    const networks = {
      mongod: await proxies('mongod', [mongod.port, mongod.port]),
      redis: await proxies('redis', [redis.port, redis.port]),
      probes: await proxies('probes', ports),
    };
    const servers = await Promise.all(
      ports.map(async (port, index) => {
        const place = index as 0 | 1;
        const dataDir = join(folder, `server-${index + 1}`);
        await mkdir(dataDir);
        const server = new Server(`server ${index + 1}`, {
          ...SETTINGS,
          PORT: String(port),
          DATA_DIR: dataDir,
          MONGODB_URI: uriFor(networks.mongod[place].port),
          REDIS_URL: `redis://127.0.0.1:${networks.redis[place].port}`,
        });
        atExit.push(() => {
          server.signal('SIGKILL');
        });
        ending.push(() => server.kill());
        return server;
      }),
    );
    const uri = uriFor(mongod.port);
    const env = { ...SETTINGS, MONGODB_URI: uri, DATA_DIR: join(folder, 'shell') };
    const world = new World(mongod, redis, servers as [Server, Server], networks, uri, env);
    // one after the other: the first makes the indexes
    for (const server of servers) await server.start();
    return world;
  }

  /** Connections that were reset by the networks, and bytes that they lost. */
  get damage(): { resets: number; swallowedBytes: number } {
    const all = LINKS.flatMap((link) => this.networks[link]);
    return {
      resets: all.reduce((sum, { resets }) => sum + resets, 0),
      swallowedBytes: all.reduce((sum, { swallowedBytes }) => sum + swallowedBytes, 0),
    };
  }
}

const SETTINGS = {
  SECRET_KEY: 'a-secret-of-the-chaos-0123456789',
  PASSWORD_COST: '4',
  // so small that they are reached
  INGEST_MAX_WAITING_ITEMS: '150',
  PROBE_MAX_MESSAGES_PER_S: '60',
  // so often that it works while others do
  RELIABILITY_EVERY_S: '20',
};

function uriFor(port: number): string {
  return `mongodb://127.0.0.1:${port}/chaos?directConnection=true`;
}

function signalTo(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}
