import { Inject, Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { serverId } from '../../config/server-id.js';
import { type ServerEntity } from './server.schema.js';
import { type Renewal, ServersRepository } from './servers.repository.js';

const LEASE_MS = 20_000;
const RENEW_MS = 5_000;

/**
 * Which server processes are alive. A server keeps a lease; a probe counts as connected while the server that holds its
 * socket does. So a server that was killed takes its probes' `connected` with it, without anybody cleaning up.
 */
@Injectable()
export class ServersService {
  private readonly logger = new Logger('servers');
  /** the same after a restart, so that this server knows which connections its predecessor left behind */
  readonly ownId: string;
  private readonly boot = randomUUID();
  /** until when each of the others lives for all we know, on the clock of `performance.now()` */
  private seen = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private last: Renewal = 'renewed';
  private lapsed: () => void = () => undefined;

  constructor(
    private readonly servers: ServersRepository,
    @Inject(ENV) env: Env,
  ) {
    this.ownId = serverId(env.dataDir);
  }

  /** @returns when the process that had this id before was heard of last; undefined when it ended in order */
  async start(): Promise<Date | undefined> {
    const before = await this.servers.enter(this.ownId, this.boot, LEASE_MS);
    await this.look();
    this.timer ??= setInterval(() => {
      this.renew().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'could not renew the lease');
      });
    }, RENEW_MS).unref();
    return before;
  }

  /** Gives the lease back. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.servers.release(this.ownId, this.boot);
  }

  /** @param listener hears that this server was not heard of for so long that others may have closed its connections */
  onLapsed(listener: () => void): void {
    this.lapsed = listener;
  }

  /** All that the database knows of, with whether their leases stand. */
  async list(): Promise<(ServerEntity & { alive: boolean })[]> {
    return this.servers.findAll();
  }

  isAlive(server: string): boolean {
    if (server === this.ownId) return true;
    const alive = this.isKnownAlive(server);
    // one that has just started, or come back: known in a moment
    if (!alive) this.lookSoon();
    return alive;
  }

  /** Looks whether those live that are not known to: they may have begun, or come back, since the last look. */
  async getToKnow(servers: readonly string[]): Promise<void> {
    const unknown = servers.filter((server) => server !== this.ownId && !this.isKnownAlive(server));
    if (unknown.length > 0) await this.look();
  }

  /** All that live now. */
  async standing(): Promise<string[]> {
    await this.look();
    return [...this.seen.keys()].filter((id) => id !== this.ownId).concat(this.ownId);
  }

  /** Those beside this one that lived when it was looked last: some seconds ago at the most. */
  others(): string[] {
    return [...this.seen.keys()].filter((id) => id !== this.ownId && this.isKnownAlive(id));
  }

  private isKnownAlive(server: string): boolean {
    const until = this.seen.get(server);
    return until !== undefined && until > performance.now();
  }

  private async renew(): Promise<void> {
    const renewal = await this.servers.renew(this.ownId, this.boot, LEASE_MS);
    if (renewal === 'lapsed') {
      this.logger.warn('this server was not heard of for longer than its lease');
      this.lapsed();
    }
    if (renewal === 'taken' && this.last !== 'taken') {
      this.logger.error(
        { server: this.ownId },
        'another server runs with the id of this one: each needs a DATA_DIR of its own, not a copy',
      );
    }
    this.last = renewal;
    await this.look();
  }

  private async look(): Promise<void> {
    const asked = performance.now();
    const standing = await this.servers.findStanding();
    this.seen = new Map(standing.map(({ id, remainingMs }) => [id, asked + remainingMs]));
  }

  private lookSoon(): void {
    this.looking ??= this.look()
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'could not look which servers live');
      })
      .finally(() => {
        this.looking = undefined;
      });
  }
}
