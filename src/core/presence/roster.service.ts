import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ObjectId } from '../../platform/database/object-id.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import {
  type ProbeEntity,
  ProbeConnectionsRepository,
  ProbeFeed,
  ProbesRepository,
} from '../probes/index.js';
import { ServersService } from '../servers/index.js';
import { ProbeStates } from './probe-states.js';

/** How old what is known of the probes of other servers may be, while somebody asks. */
const EVERY_MS = 1000;
/** Nobody asks any more: what was known is forgotten, and read again for the next who asks. */
const IDLE_MS = 10 * 60_000;
/** Everything is read anew so often: what an owner has changed at another server is seen then. */
const ANEW_MS = 30_000;

interface Listed {
  probe: ProbeEntity;
  server: string;
}

/**
 * The probes that are connected, on all servers, in memory, for those who choose among them at every request. Those of this server
 * change by what happens, at once; those of others by a look into an index, each second.
 */
@Injectable()
export class RosterService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('roster');
  /** by session */
  private listed = new Map<string, Listed>();
  private readonly looks = new PeriodicTask(() => this.look(), {
    logger: this.logger,
    failed: 'could not look which probes are connected elsewhere',
  });
  private loading: Promise<void> | undefined;
  private isLoaded = false;
  private askedAt = 0;
  private loadedAt = 0;
  private changes = 0;
  /** what has happened here while everything was read: it is newer than what was read */
  private readonly during: (() => void)[] = [];

  constructor(
    private readonly feed: ProbeFeed,
    private readonly probes: ProbesRepository,
    private readonly connections: ProbeConnectionsRepository,
    private readonly servers: ServersService,
    private readonly states: ProbeStates,
  ) {}

  onModuleInit(): void {
    this.feed.changes.subscribe(({ probe, connected }) => {
      this.happened(() => {
        if (connected) this.add(probe);
        else if (probe.connection) this.remove(probe.connection.session);
      });
    });
    this.states.changes.subscribe((probe) => {
      void this.readAgain(probe);
    });
    this.feed.edits.subscribe((probe) => {
      this.happened(() => {
        const session = probe.connection?.session.toHexString() ?? '';
        if (this.listed.has(session)) this.add(probe);
      });
    });
  }

  /** What a probe says of itself comes by the piece: the whole of it stands in the database. */
  private async readAgain(probe: ObjectId): Promise<void> {
    if (!this.isLoaded && this.loading === undefined) return;
    try {
      const [found] = await this.probes.findByIds([probe]);
      if (found === undefined) return;
      this.happened(() => {
        this.add(found);
      });
    } catch (error) {
      this.logger.warn({ err: error }, 'could not read what a probe says of itself');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.looks.stop();
  }

  /** One more with each change of it. */
  get revision(): number {
    return this.changes;
  }

  /** @returns those that are connected now; those of other servers as they were a second ago */
  async connected(): Promise<ProbeEntity[]> {
    this.askedAt = performance.now();
    if (!this.isLoaded) {
      await this.load();
      this.looks.cancel();
      this.looks.every(EVERY_MS);
    }
    return [...this.listed.values()].map(({ probe }) => probe);
  }

  private async load(): Promise<void> {
    this.loading ??= this.readAll().finally(() => {
      this.loading = undefined;
    });
    await this.loading;
  }

  private async readAll(): Promise<void> {
    this.during.length = 0;
    const servers = await this.servers.standing();
    const found = await this.connections.findConnected(servers);
    this.listed = new Map();
    for (const probe of found) this.add(probe);
    this.isLoaded = true;
    this.loadedAt = performance.now();
    for (const happen of this.during.splice(0)) happen();
    this.changes += 1;
  }

  private happened(happen: () => void): void {
    if (this.loading !== undefined) this.during.push(happen);
    if (this.isLoaded) happen();
  }

  private add(probe: ProbeEntity): void {
    if (probe.connection === undefined) return;
    const { session, server } = probe.connection;
    const before = probe.connection.took_over?.session;
    if (before !== undefined) this.listed.delete(before.toHexString());
    this.listed.set(session.toHexString(), { probe, server });
    this.changes += 1;
  }

  private remove(session: ObjectId): void {
    if (this.listed.delete(session.toHexString())) this.changes += 1;
  }

  private async look(): Promise<void> {
    const now = performance.now();
    if (now - this.askedAt > IDLE_MS) {
      this.isLoaded = false;
      this.listed.clear();
      this.looks.cancel();
      return;
    }
    const others = this.servers.others();
    const isAlone =
      others.length === 0 && [...this.listed.values()].every(({ server }) => this.isOwn(server));
    if (isAlone) return;
    if (now - this.loadedAt > ANEW_MS) await this.load();
    else await this.lookAt(others);
  }

  private async lookAt(others: readonly string[]): Promise<void> {
    const sessions = await this.connections.findSessionsOfAll(others);
    for (const [session, { server }] of this.listed)
      if (!this.isOwn(server) && !sessions.has(session)) this.remove(new ObjectId(session));
    const unknown = [...sessions.keys()].filter((session) => !this.listed.has(session));
    if (unknown.length === 0) return;
    const ids = unknown.map((session) => new ObjectId(session));
    for (const probe of await this.connections.findConnected(others, ids)) this.add(probe);
  }

  private isOwn(server: string): boolean {
    return server === this.servers.ownId;
  }
}
