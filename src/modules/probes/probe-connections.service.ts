import { Injectable, Logger } from '@nestjs/common';
import { ObjectId } from '../../common/database/object-id.js';
import { DomainError } from '../../common/errors/domain.error.js';
import { TokensService } from '../auth/tokens.service.js';
import { ProbeFeed } from './probe-feed.js';
import { type ProbeConnection, type ProbeEntity, type ProbeReport } from './probe.schema.js';
import { ProbesRepository } from './probes.repository.js';
import { ServersService } from './servers.service.js';
import { SessionsRepository } from './sessions.repository.js';

export type ConnectionDetails = Pick<
  ProbeConnection,
  'protocol' | 'total_credits' | 'in_use_credits' | 'version' | 'kinds'
>;

export interface OpenConnection {
  probe: ProbeEntity;
  session: ObjectId;
}

/** Who is here: checked in before the socket counts as connected, checked out when it ends. */
@Injectable()
export class ProbeConnectionsService {
  private readonly logger = new Logger('connections');
  private ending = false;

  constructor(
    private readonly probes: ProbesRepository,
    private readonly sessions: SessionsRepository,
    private readonly servers: ServersService,
    private readonly tokens: TokensService,
    private readonly feed: ProbeFeed,
  ) {}

  /** At boot: what this server's predecessor left open was closed by its death. */
  async startAfresh(): Promise<void> {
    await this.servers.start();
    const cleared = await this.probes.clearConnectionsOfServer(this.servers.ownId);
    await this.sessions.closeOfServer(this.servers.ownId, new Date(), 'server died');
    if (cleared > 0)
      this.logger.log({ probes: cleared }, 'cleared the connections of the server before this one');
  }

  /** From now on nobody is let in: this server is going away, and would cut them off in a moment. */
  refuseNew(): void {
    this.ending = true;
  }

  /** At a clean end: every connection of this server is over. */
  async endAll(): Promise<void> {
    await this.sessions.closeOfServer(this.servers.ownId, new Date(), 'server stopped');
    await this.probes.clearConnectionsOfServer(this.servers.ownId);
    await this.servers.stop();
  }

  /**
   * @returns undefined when the token is none, a user's, revoked, or names a probe that does not exist
   */
  async open(token: unknown, details: ConnectionDetails): Promise<OpenConnection | undefined> {
    if (this.ending) throw new DomainError('shutting_down');
    const identity = typeof token === 'string' ? this.tokens.readProbeToken(token) : undefined;
    if (identity === undefined) return undefined;
    const session = new ObjectId();
    const since = new Date();
    const server = this.servers.ownId;
    const connection = { session, server, since, ...details };
    const before = await this.probes.setConnection(identity.id, identity.tokenVersion, connection);
    if (before === null) return undefined;
    if (before.connection !== undefined) {
      await this.sessions.close(before.connection.session, since, 'taken over');
    }
    await this.sessions.open({
      _id: session,
      probe: identity.id,
      server,
      protocol: details.protocol,
      from: since,
    });
    const probe = { ...before, connection };
    this.feed.emit({ probe, connected: true });
    return { probe, session };
  }

  /** Whether this session is the probe's connection still: it was not taken over, here or elsewhere. */
  async isCurrent(probe: ObjectId, session: ObjectId): Promise<boolean> {
    const now = await this.probes.findById(probe);
    return now?.connection?.session.equals(session) === true;
  }

  /** Says good-bye for one session; a newer one of the same probe is not touched. */
  async close({ probe, session }: OpenConnection, reason: string): Promise<void> {
    const at = new Date();
    await this.sessions.close(session, at, reason);
    const last = await this.probes.clearConnection(probe._id, session, at);
    if (last) this.feed.emit({ probe, connected: false });
  }

  async addInUseCredits({ probe, session }: OpenConnection, credits: number): Promise<void> {
    await this.probes.addInUseCredits(probe._id, session, credits);
  }

  /** What a native probe says of itself, every minute. */
  async report({ probe, session }: OpenConnection, report: ProbeReport): Promise<void> {
    await this.probes.setReport(probe._id, session, report, new Date());
  }
}
