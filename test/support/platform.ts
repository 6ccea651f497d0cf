import { rm } from 'node:fs/promises';
import { type ApiClient, ApiClient as Client } from './api-client.js';
import { type Account, ApiWorld } from './api-world.js';
import { testMongo } from './mongod.js';
import { startServer, type TestServer } from './server.js';
import { SECRET_KEY } from './server-world.js';
import { until } from './until.js';

/** Several servers on one database: the first is the world's own, others join and leave. */
export class Platform {
  private readonly others: TestServer[] = [];

  private constructor(
    readonly world: ApiWorld,
    private readonly env: Record<string, string>,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /** @param settings of all servers, for example REDIS_URL */
  static async start(settings: Record<string, string>): Promise<Platform> {
    const mongo = await testMongo();
    const env = { MONGODB_URI: mongo.uri, SECRET_KEY, ALLOW_DELETE_ALL: '1', ...settings };
    return new Platform(await ApiWorld.startProcess(env), env, () => mongo.stop());
  }

  get databaseUri(): string {
    return this.env['MONGODB_URI'] ?? '';
  }

  get first(): TestServer {
    return this.world.server;
  }

  /** One more server. */
  async join(more: Record<string, string> = {}): Promise<TestServer> {
    const server = await startServer({ ...this.env, ...more });
    this.others.push(server);
    return server;
  }

  /** The same person, at another server. */
  at({ url }: TestServer, { api }: Account): ApiClient {
    return new Client(url, api.token);
  }

  /** Whether a probe is connected, as a server sees it. */
  async sees(
    { url }: TestServer,
    { api }: Account,
    probe: { id: string },
    connected: boolean,
  ): Promise<void> {
    const path = `/api/v1/probes/${probe.id}`;
    await until(
      `${url} to see the probe ${connected ? 'connected' : 'away'}`,
      async () =>
        (await new Client(url, api.token).get<{ connected: boolean }>(path)).body.connected === connected,
      // a server that died is noticed when its lease is over
      60_000,
    );
  }

  async health({ url }: TestServer): Promise<{ http: number; status: string; redis?: string }> {
    const { status, body } = await new Client(url).get<{ status: string; redis?: string }>('/health/ready');
    return { ...body, http: status };
  }

  /** @returns the samples of one metric by their labels as written, for example `{topic="live",outcome="sent"}` */
  async metric({ url }: TestServer, name: string): Promise<Map<string, number>> {
    const { text } = await new Client(url).get('/metrics');
    const samples = text.matchAll(new RegExp(`^${name}(\\{.*\\})? (\\S+)$`, 'gm'));
    return new Map([...samples].map(([, labels, value]) => [labels ?? '', Number(value)]));
  }

  async stop(): Promise<void> {
    for (const server of this.others) {
      await server.kill();
      await rm(server.dataDir, { recursive: true, force: true });
    }
    await this.world.stop();
    await this.dropDatabase();
  }
}
