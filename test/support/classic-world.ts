import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FieldedProbe, type ProbeOptions } from './classic-probe.js';
import { credentials, LOCATION } from './classic-factories.js';
import type { Operation, Probe, User } from './classic-types.js';
import { HttpClient } from './client.js';
import { testMongo } from './mongod.js';
import { freePort, runSuperuser, startServer, type TestServer } from './server.js';
import { until } from './until.js';

export const SECRET_KEY = 'a-secret-of-the-tests-0123456789';
const SUPERUSER = { email: 'root@example.org', password: 'Super-User-1' };

/** A person with an account, logged in. */
export interface Person extends User {
  password: string;
  api: HttpClient;
}

/** A server with an empty database of its own, and what a test needs to populate it. */
export class ClassicWorld {
  private readonly probes: FieldedProbe[] = [];

  private constructor(
    readonly env: Record<string, string>,
    private readonly dropDatabase: () => Promise<void>,
    public server: TestServer,
    readonly superuser: HttpClient,
  ) {}

  static async start(overrides: Record<string, string> = {}): Promise<ClassicWorld> {
    const mongo = await testMongo();
    const env = {
      MONGODB_URI: mongo.uri,
      SECRET_KEY,
      ALLOW_DELETE_ALL: '1',
      DATA_DIR: await mkdtemp(join(tmpdir(), 'pladmed-classic-')),
      PORT: String(await freePort()),
      ...overrides,
    };
    const server = await startServer(env);
    await runSuperuser(env, SUPERUSER.email, SUPERUSER.password);
    const superuser = await logIn(new HttpClient(server.url), SUPERUSER);
    return new ClassicWorld(env, () => mongo.stop(), server, superuser);
  }

  /** Nobody's client. */
  get api(): HttpClient {
    return new HttpClient(this.server.url);
  }

  /** Starts the server again after it was killed: same address, same database. */
  async restart(): Promise<void> {
    this.server = await startServer(this.env);
  }

  /** @throws Error when the server does not end with 0 */
  async stop(): Promise<void> {
    for (const probe of this.probes) probe.close();
    const code = await this.server.stop();
    await this.dropDatabase();
    await rm(this.env['DATA_DIR'] ?? '', { recursive: true, force: true });
    if (code !== 0) {
      throw new Error(`The server ended with ${String(code)}:\n${this.server.log.slice(-20).join('\n')}`);
    }
  }

  async person(credits = 0): Promise<Person> {
    const account = credentials();
    const { body } = await this.api.post<User>('/register', account);
    const api = await logIn(this.api, account);
    if (credits > 0) await this.superuser.post('/credits', { id: body._id, credits });
    return { ...body, credits, password: account.password, api };
  }

  /** The balance now. */
  async balance(person: Person): Promise<number> {
    return (await person.api.get<User>('/users/me')).body.credits;
  }

  /** Registers a probe. */
  async registerProbe(owner: Person): Promise<{ token: string; identifier: string }> {
    const { body } = await owner.api.post<{ token: string }>('/probes', { location: LOCATION });
    const own = await owner.api.get<Probe[]>('/probes/me');
    const registered = own.body.find(({ token }) => token === body.token);
    if (registered === undefined) throw new Error('the new probe is not in the own list');
    return { token: body.token, identifier: registered.identifier };
  }

  /** Connects a probe as one in the field does, and sees to it that it is closed at the end. */
  async connect(token: string, options: ProbeOptions = {}): Promise<FieldedProbe> {
    const probe = this.open(token, options);
    await probe.connected();
    return probe;
  }

  /** The same, not waiting for the answer. */
  open(token: string | undefined, options: ProbeOptions = {}): FieldedProbe {
    const probe = new FieldedProbe(this.server.url, token, options);
    this.probes.push(probe);
    return probe;
  }

  /** Registers a probe, connects it, and waits until the server lists it as connected. */
  async fieldedProbe(owner: Person, options: ProbeOptions = {}): Promise<FieldedProbe> {
    const { token, identifier } = await this.registerProbe(owner);
    const probe = await this.connect(token, options);
    probe.identifier = identifier;
    await until('the probe is listed as connected', async () => (await this.listed(identifier))?.connected);
    return probe;
  }

  async listed(identifier: string): Promise<Probe | undefined> {
    const { body } = await this.api.get<Probe[]>('/probes');
    return body.find((probe) => probe.identifier === identifier);
  }

  async operation(id: string): Promise<Operation> {
    return (await this.api.get<Operation>(`/operation?id=${id}`)).body;
  }
}

async function logIn(api: HttpClient, account: { email: string; password: string }): Promise<HttpClient> {
  const { email, password } = account;
  const { status, text, body } = await api.post<{ access_token: string }>('/login', { email, password });
  if (status !== 200) throw new Error(`login: ${String(status)} ${text}`);
  return api.as(body.access_token);
}
