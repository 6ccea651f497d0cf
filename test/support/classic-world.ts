import { FieldedProbe, type ProbeOptions } from './classic-probe.js';
import { credentials, LOCATION } from './classic-factories.js';
import type { Operation, Probe, User } from './classic-types.js';
import { HttpClient } from './client.js';
import { startServer, type TestServer } from './server.js';
import { SECRET_KEY, ServerWorld } from './server-world.js';
import { until } from './until.js';

export { SECRET_KEY };

const SUPERUSER = { email: 'root@example.org', password: 'Super-User-1' };

/** A person with an account, logged in. */
export interface Person extends User {
  password: string;
  api: HttpClient;
}

/** What a test of the classic API needs in a server. */
export class ClassicWorld {
  private constructor(
    private readonly base: ServerWorld,
    readonly superuser: HttpClient,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<ClassicWorld> {
    return ClassicWorld.on(await ServerWorld.start({ ALLOW_DELETE_ALL: '1', ...settings }));
  }

  /** With a server that is a process of its own: one can kill it. */
  static async startProcess(settings: Record<string, string> = {}): Promise<ClassicWorld> {
    return ClassicWorld.on(await ServerWorld.start({ ALLOW_DELETE_ALL: '1', ...settings }, startServer));
  }

  private static async on(base: ServerWorld): Promise<ClassicWorld> {
    await base.makeSuperuser(SUPERUSER.email, SUPERUSER.password);
    return new ClassicWorld(base, await logIn(new HttpClient(base.server.url), SUPERUSER));
  }

  get env(): Record<string, string> {
    return this.base.env;
  }

  get server(): TestServer {
    return this.base.server;
  }

  /** Nobody's client. */
  get api(): HttpClient {
    return new HttpClient(this.server.url);
  }

  /** Starts the server again after it has ended: same address, same database. */
  restart(): Promise<void> {
    return this.base.restart();
  }

  stop(): Promise<void> {
    return this.base.stop();
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
    return this.base.keep(new FieldedProbe(this.server.url, token, options));
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
