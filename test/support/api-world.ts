import mongoose from 'mongoose';
import { ApiClient } from './api-client.js';
import type { TestDatabase } from './database.js';
import { NativeProbe, type ProbeOptions } from './native-probe.js';
import { startServer, type TestServer } from './server.js';
import { ServerWorld } from './server-world.js';

export const PASSWORD = 'Correct-Horse-7';
const SUPERUSER = 'root@example.org';
let accounts = 0;

export interface User {
  id: string;
  email: string;
  credits: number;
  is_superuser: boolean;
  created_at: string;
}

export interface Account extends User {
  api: ApiClient;
}

export interface Registered {
  id: string;
  number: number;
  token: string;
}

export interface Operation {
  id: string;
  owner_id: string;
  kind: string;
  params: Record<string, unknown>;
  schedule: { type: string; at?: string; start?: string; stop?: string; every_s?: number };
  visibility: string;
  state: string;
  cost_per_run: number;
  runs_per_probe: number;
  credits: number;
  refunded: number | null;
  probe_count: number;
  progress: { due: number; received: number; failed: number; assignments: Record<string, number> };
  created_at: string;
  updated_at: string;
  revision: number;
  stopped_at: string | null;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What a test of the native API needs in a server. */
export class ApiWorld {
  private constructor(
    private readonly base: ServerWorld,
    readonly superuser: ApiClient,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<ApiWorld> {
    return ApiWorld.on(await ServerWorld.start(settings));
  }

  /** With a server that is a process of its own: one can kill it. */
  static async startProcess(settings: Record<string, string> = {}): Promise<ApiWorld> {
    return ApiWorld.on(await ServerWorld.start(settings, startServer));
  }

  private static async on(base: ServerWorld): Promise<ApiWorld> {
    await base.makeSuperuser(SUPERUSER, PASSWORD);
    const api = new ApiClient(base.server.url);
    return new ApiWorld(base, api.as(await tokenOf(api, SUPERUSER)));
  }

  get server(): TestServer {
    return this.base.server;
  }

  get database(): TestDatabase {
    return this.base.database;
  }

  /** Nobody's client. */
  get api(): ApiClient {
    return new ApiClient(this.server.url);
  }

  /** Starts the server again after it has ended: same address, same database. */
  restart(): Promise<void> {
    return this.base.restart();
  }

  stop(): Promise<void> {
    return this.base.stop();
  }

  /** SIGTERM while the probes are connected. @throws Error when the server does not end with 0 */
  shutDown(): Promise<void> {
    return this.base.shutDown();
  }

  async account(credits = 0, email = `user-${(accounts += 1)}@example.org`): Promise<Account> {
    const { body } = await this.api.post<User>('/api/v1/auth/register', { email, password: PASSWORD });
    if (credits > 0) await this.superuser.post(`/api/v1/users/${body.id}/credits`, { credits });
    return { ...body, credits, api: this.api.as(await tokenOf(this.api, email)) };
  }

  /** The same person, logged in once more. */
  async again({ email }: { email: string }, password = PASSWORD): Promise<ApiClient> {
    return this.api.as(await tokenOf(this.api, email, password));
  }

  async balance({ api }: Account): Promise<number> {
    return (await api.get<User>('/api/v1/users/me')).body.credits;
  }

  /**
   * Lets all times of an interval be so much earlier, as if the operation had begun then; before a result of it has come.
   * @returns when a run is due
   */
  async began(operation: Operation, earlierMs: number): Promise<(run: number) => string> {
    const { start, stop, every_s = 0 } = operation.schedule;
    const [from, to] = [start, stop].map((time = '') => new Date(Date.parse(time) - earlierMs));
    await this.database
      .collection('operations')
      .updateOne(
        { _id: new mongoose.mongo.ObjectId(operation.id) },
        { $set: { 'schedule.start': from, 'schedule.stop': to } },
      );
    return (run) => new Date((from?.getTime() ?? NaN) + run * every_s * 1000).toISOString();
  }

  async probe({ api }: Account, more: object = {}): Promise<Registered> {
    const { body } = await api.post<Registered>('/api/v1/probes', {
      location: { longitude: 1.5, latitude: -2 },
      ...more,
    });
    return body;
  }

  /** Connects a fake probe; it is closed with the world. */
  async connect({ token }: { token: string }, options: ProbeOptions = {}): Promise<NativeProbe> {
    return this.base.keep(await NativeProbe.connect(this.server.url, token, options));
  }

  /** A ping of one run, unless `more` says otherwise. */
  async operation({ api }: Account, probes: { id: string }[], more: object = {}): Promise<Operation> {
    const { status, body, text } = await api.post<Operation>('/api/v1/operations', pingOn(probes, more));
    if (status !== 201) throw new Error(text);
    return body;
  }
}

/** When the first run of an operation is due, as the API says it. */
export function firstRunOf({ schedule: { at, start } }: Operation): string {
  const first = at ?? start;
  if (first === undefined) throw new Error('an operation without a beginning');
  return first;
}

export function pingOn(probes: { id: string }[], more: object = {}) {
  return {
    kind: 'ping',
    params: { ips: ['192.0.2.1'] },
    schedule: { type: 'once' },
    probes: probes.map(({ id }) => id),
    ...more,
  };
}

async function tokenOf(api: ApiClient, email: string, password = PASSWORD): Promise<string> {
  const { body } = await api.post<{ access_token: string }>('/api/v1/auth/login', {
    email,
    password,
  });
  return body.access_token;
}
