import { Inject, Injectable, Logger } from '@nestjs/common';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { serverId } from '../../config/server-id.js';
import { ServersRepository } from './servers.repository.js';

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
  private alive: Set<string>;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly servers: ServersRepository,
    @Inject(ENV) env: Env,
  ) {
    this.ownId = serverId(env.dataDir);
    this.alive = new Set([this.ownId]);
  }

  async start(): Promise<void> {
    await this.renew();
    this.timer = setInterval(() => {
      this.renew().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'could not renew the lease');
      });
    }, RENEW_MS);
    this.timer.unref();
  }

  /** Gives the lease back. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.servers.release(this.ownId);
  }

  isAlive(server: string): boolean {
    return this.alive.has(server);
  }

  private async renew(): Promise<void> {
    const now = Date.now();
    await this.servers.renew(this.ownId, new Date(now + LEASE_MS));
    this.alive = new Set([this.ownId, ...(await this.servers.findAlive(new Date(now)))]);
  }
}
