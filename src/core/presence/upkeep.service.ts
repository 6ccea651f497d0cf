import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { DatabaseService } from '../../platform/database/database.service.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { parseId } from '../../platform/database/object-id.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ProbeConnectionsService } from './probe-connections.service.js';
import { ProbeConnectionsRepository } from '../probes/index.js';
import { ServersRepository, ServersService } from '../servers/index.js';
import { SESSION_OVER } from './session-over.topic.js';

const EVERY_MS = 5_000;
/** Of the work for dead servers: another server takes over when its holder was not heard of for three rounds. */
const LEASE_MS = 15_000;

/** Longer than any transaction of ours does nothing while its server lives. */
const ABANDONED_MS = 3_000;

/** Makes connections what they should be: sockets here that are over elsewhere, and what servers that died left behind. */
@Injectable()
export class UpkeepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('upkeep');
  private readonly task = new PeriodicTask(() => this.round(), {
    logger: this.logger,
    failed: 'a round failed; the next one will do its work',
  });
  private failedToEnd = false;

  constructor(
    private readonly connections: ProbeConnectionsService,
    private readonly probes: ProbeConnectionsRepository,
    private readonly servers: ServersRepository,
    private readonly own: ServersService,
    private readonly leases: LeasesService,
    private readonly bus: PlatformBus,
    private readonly database: DatabaseService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.bus.listen(SESSION_OVER, ({ probe, session }) => {
      const id = parseId(probe);
      if (id !== undefined) this.inBackground(this.connections.closeIfOver(id, session));
    });
    this.own.onLapsed(() => {
      this.task.begin();
    });
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** One round; what the timer does. */
  async round(): Promise<void> {
    await this.connections.closeForgotten();
    // each for itself: the server that died may have held the lease
    await this.endAbandoned();
    await this.leases.runLeased('departed-servers', LEASE_MS, (signal) => this.closeDeparted(signal));
  }

  /** Before the lease of a server that died is over: it may hold up all others. */
  private async endAbandoned(): Promise<void> {
    try {
      const transactions = await this.database.endAbandonedTransactions(ABANDONED_MS);
      if (transactions > 0)
        this.logger.warn({ transactions }, 'ended transactions of a server that does not go on with them');
    } catch (error) {
      // an account that may not ask: MongoDB ends them by itself after a minute
      if (!this.failedToEnd)
        this.logger.warn({ err: error }, 'could not look for transactions of servers that died');
      this.failedToEnd = true;
    }
  }

  private async closeDeparted(signal: AbortSignal): Promise<void> {
    for (const { id, lastSeen } of await this.departed()) {
      signal.throwIfAborted();
      const probes = await this.connections.closeServer(id, lastSeen, 'server died', signal);
      await this.servers.removeDeparted(id);
      this.logger.warn(
        { server: id, last_seen: lastSeen, probes },
        'a server died; its connections are closed',
      );
    }
  }

  /** Also those that have probes, and no lease at all. */
  private async departed(): Promise<{ id: string; lastSeen: Date }[]> {
    const holding = await this.probes.findServersConnectedTo();
    const departed = await this.servers.findDeparted();
    const accounted = new Set(departed.map(({ id }) => id));
    // asked last: a server enters before it takes its first probe
    for (const { id } of await this.servers.findStanding()) accounted.add(id);
    const unknown = holding.filter((id) => !accounted.has(id));
    const all = [...departed, ...unknown.map((id) => ({ id, lastSeen: this.clock.now() }))];
    // we are late with our own lease, not dead
    return all.filter(({ id }) => id !== this.own.ownId);
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.logger.warn({ err: error }, 'could not look whether a session is over; the next round will');
    });
  }
}
