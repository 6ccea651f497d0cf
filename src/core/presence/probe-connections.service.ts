import { Inject, Injectable, Logger } from '@nestjs/common';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { addressOf, type Route } from '../../platform/http/client-address.js';
import { TokensService } from '../users/index.js';
import { ConnectedProbes } from './connected-probes.js';
import { type Arrival, ConnectionsWriter } from './connections-writer.js';
import { ProbeStates } from './probe-states.js';
import {
  type ConnectionState,
  type Families,
  foundNetwork,
  type HeldProbe,
  NetworksService,
  type ProbeConnection,
  type ProbeEntity,
  ProbeFeed,
  type ProbeReport,
  ProbeConnectionsRepository,
  ProbesRepository,
  suspensionSentence,
} from '../probes/index.js';
import { LocalSessions, ServersService } from '../servers/index.js';
import { SESSION_OVER } from './session-over.topic.js';
import { SessionsRepository } from './sessions.repository.js';

export type ConnectionDetails = Pick<
  ProbeConnection,
  'protocol' | 'total_credits' | 'in_use_credits' | 'version' | 'kinds' | 'instance' | 'status'
> & { families?: Families; route?: Route };

export interface OpenConnection {
  probe: HeldProbe;
  session: ObjectId;
}

/** Connections of a server that is over are closed this many at a time. */
const CHUNK = 500;

/** Longer than anybody is on the way from being let in to being here. */
const UNHELD_MS = 60_000;

/** Who is here: checked in before the socket counts as connected, checked out when it ends. */
@Injectable()
export class ProbeConnectionsService {
  private readonly logger = new Logger('connections');
  private ending = false;
  /** sessions that the database has and no socket here is for, and since when */
  private unheldSince: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly writer: ConnectionsWriter,
    private readonly probes: ProbesRepository,
    private readonly repository: ProbeConnectionsRepository,
    private readonly sessions: SessionsRepository,
    private readonly servers: ServersService,
    private readonly local: LocalSessions,
    private readonly tokens: TokensService,
    private readonly feed: ProbeFeed,
    private readonly connected: ConnectedProbes,
    private readonly bus: PlatformBus,
    private readonly clock: PlatformClock,
    private readonly states: ProbeStates,
    private readonly networks: NetworksService,
    @Inject(ENV) private readonly env: Pick<Env, 'trustProxy'>,
  ) {}

  /** At boot: what this server's predecessor left open was closed by its death. */
  async startAfresh(): Promise<void> {
    const lastSeen = await this.servers.start();
    const cleared = await this.closeServer(this.servers.ownId, lastSeen ?? this.clock.now(), 'server died');
    if (cleared > 0)
      this.logger.log({ probes: cleared }, 'cleared the connections of the server before this one');
  }

  /**
   * A server is over: so are its sessions, and a probe that has not found another server since is not connected.
   * @param at when it was heard of last
   * @param signal ends this early; what is left is there for the next who tries
   * @returns how many probes it took with it
   */
  async closeServer(server: string, at: Date, reason: string, signal?: AbortSignal): Promise<number> {
    await this.sessions.closeOfServer(server, at, reason);
    let cleared = 0;
    for (;;) {
      signal?.throwIfAborted();
      const probes = await this.repository.findConnectedTo(server, CHUNK);
      if (probes.length === 0) return cleared;
      const ids = probes.map(({ _id }) => _id);
      const gone = new Set((await this.repository.clearConnectionsTo(server, ids, at)).map(String));
      for (const probe of probes) {
        if (gone.has(String(probe._id))) this.feed.emit({ probe, connected: false });
      }
      cleared += gone.size;
    }
  }

  /** From now on nobody is let in: this server is going away, and would cut them off in a moment. */
  refuseNew(): void {
    this.ending = true;
  }

  /** At a clean end: every connection of this server is over. */
  async endAll(): Promise<void> {
    await this.writer.refuseArrivals(new DomainError('shutting_down'));
    await this.closeServer(this.servers.ownId, this.clock.now(), 'server stopped');
    await this.servers.stop();
  }

  /**
   * @returns undefined when the token is none, a user's, revoked, or names a probe that does not exist
   * @throws DomainError forbidden with what the host of a suspended probe can do
   */
  async open(
    token: unknown,
    { families, route, ...details }: ConnectionDetails,
  ): Promise<OpenConnection | undefined> {
    if (this.ending) throw new DomainError('shutting_down');
    const identity = typeof token === 'string' ? this.tokens.readProbeToken(token) : undefined;
    if (identity === undefined) return undefined;
    const address = route && addressOf(route, this.env.trustProxy);
    const connection: ProbeConnection = {
      session: new ObjectId(),
      server: this.servers.ownId,
      since: this.clock.now(),
      ...details,
      ...(address !== undefined && { address }),
    };
    const probe = await this.letIn({
      probe: identity.id,
      tokenVersion: identity.tokenVersion,
      connection,
      families,
    });
    if (probe === undefined) {
      await this.refuseSuspended(identity.id);
      return undefined;
    }
    const before = probe.connection?.took_over;
    if (before !== undefined && before.server !== connection.server)
      this.announceOver(probe._id, before.session);
    this.feed.emit({ probe, connected: true });
    if (address !== undefined) this.noteNetwork(probe, address);
    return { probe: held(probe, connection), session: connection.session };
  }

  /** Nobody waits for it: what is not noted now is noted when the probe comes again. */
  private noteNetwork(probe: ProbeEntity, address: string): void {
    if (!this.networks.isKnown) return;
    const found = foundNetwork(probe, address.includes(':') ? 6 : 4, this.networks.find(address));
    if (found === undefined) return;
    this.repository.noteNetwork(probe, found).catch((error: unknown) => {
      this.logger.warn({ err: error, probe_id: String(probe._id) }, 'could not note the network of a probe');
    });
  }

  /** Whether this session is the probe's connection still: it was not taken over, here or elsewhere. */
  async isCurrent(probe: ObjectId, session: ObjectId): Promise<boolean> {
    return this.writer.isCurrent(probe, session);
  }

  /** Says good-bye for one session; a newer one of the same probe is not touched. */
  async close({ probe, session }: OpenConnection, reason: string): Promise<void> {
    this.local.delete(session);
    const last = await this.writer.close({ probe: probe._id, session, at: this.clock.now(), reason });
    if (last) this.feed.emit({ probe, connected: false });
  }

  /**
   * A connection was ended in the database, not by the probe: its socket is closed, on whichever server it is.
   * @param before the probe as it was
   */
  async cutOff(before: ProbeEntity, reason: string): Promise<void> {
    if (before.connection === undefined) return;
    await this.sessions.close(before.connection.session, this.clock.now(), reason);
    this.announceOver(before._id, before.connection.session);
    this.connected.get(before._id)?.close();
    this.feed.emit({ probe: before, connected: false });
  }

  /**
   * Closes the sockets here of which the database knows no more (taken over, revoked, deleted, or given up for dead), and in the
   * database those that have had no socket here for long: one that was let in half, because the database left meanwhile.
   * @param now milliseconds of a monotonic clock
   */
  async closeForgotten(now = performance.now()): Promise<void> {
    // those that are here now: whoever checks in meanwhile may be younger than the answer
    const links = this.connected.all();
    const sessions = await this.repository.findSessionsOf(this.servers.ownId);
    const known = new Set(sessions.map(String));
    const forgotten = links.filter(({ session }) => !known.has(String(session)));
    for (const link of forgotten) link.close();
    if (forgotten.length > 0)
      this.logger.log({ probes: forgotten.length }, 'closed connections that are not current any more');
    const held = new Set(links.map(({ session }) => String(session)));
    await this.closeUnheld(
      sessions.filter((session) => !held.has(String(session))),
      now,
    );
  }

  private async closeUnheld(sessions: readonly ObjectId[], now: number): Promise<void> {
    const before = this.unheldSince;
    this.unheldSince = new Map(
      sessions.map(String).map((session) => [session, before.get(session) ?? now] as const),
    );
    const lost = sessions.filter(
      (session) => now - (this.unheldSince.get(String(session)) ?? now) >= UNHELD_MS,
    );
    if (lost.length === 0) return;
    const probes = await this.repository.findConnectedOver(this.servers.ownId, lost.slice(0, CHUNK));
    for (const probe of probes) {
      if (probe.connection) await this.close({ probe, session: probe.connection.session }, 'lost');
    }
    this.logger.warn({ probes: probes.length }, 'closed connections that have no socket');
  }

  /** Somebody says that a session is over: so it is, if the database says so too. */
  async closeIfOver(probe: ObjectId, session: string): Promise<void> {
    const link = this.connected.get(probe);
    if (link?.session.toHexString() !== session) return;
    if (!(await this.isCurrent(probe, link.session))) link.close();
  }

  /** In the order in which it is called: what is taken must not be given back before. */
  async addInUseCredits({ probe, session }: OpenConnection, credits: number): Promise<void> {
    await this.local.changeCredits(probe._id, () =>
      this.repository.addInUseCredits(probe._id, session, credits),
    );
  }

  /** What a probe says of itself, every minute where its protocol has words for it. */
  async report({ probe, session }: OpenConnection, report: ProbeReport): Promise<void> {
    await this.writer.report({ probe: probe._id, session, report, at: this.clock.now() });
  }

  /** What a probe says of itself, where its protocol says it by the piece; those who follow probes hear of it. */
  async noteState(open: OpenConnection, state: ConnectionState): Promise<void> {
    const { probe, session } = open;
    await this.writer.setState({ probe: probe._id, session, state });
    this.states.changed(probe._id);
  }

  /** @returns the probe that a token is for, as it is before it comes in; undefined: there is none, whatever is to be said of the token */
  async probeOf(token: unknown): Promise<ProbeEntity | undefined> {
    const identity = typeof token === 'string' ? this.tokens.readProbeToken(token) : undefined;
    return (identity && (await this.probes.findById(identity.id))) ?? undefined;
  }

  /** @throws DomainError forbidden */
  private async refuseSuspended(id: ObjectId): Promise<void> {
    const probe = await this.probes.findById(id);
    if (probe?.suspended) throw new DomainError('forbidden', suspensionSentence(probe.suspended));
  }

  private async letIn(arrival: Arrival): Promise<ProbeEntity | undefined> {
    // before the database has it: from then on it can be seen
    const { session } = arrival.connection;
    this.local.add(session);
    try {
      const probe = await this.writer.open(arrival);
      if (probe === undefined) this.local.delete(session);
      return probe;
    } catch (error) {
      this.local.delete(session);
      throw error;
    }
  }

  private announceOver(probe: ObjectId, session: ObjectId): void {
    this.bus.send(SESSION_OVER, { probe: probe.toHexString(), session: session.toHexString() });
  }
}

/**
 * The rest of it is several hundred bytes to some kilobytes, of each probe that is here. What is copied stands last: a literal that begins
 * with it has a hidden class of its own each time.
 */
function held(probe: ProbeEntity, { session, since, version, kinds }: ProbeConnection): HeldProbe {
  const { _id, number, owner, asn_v4, asn_v6, prefix_v4, prefix_v6, capabilities } = probe;
  const connection = { session, since, ...(version !== undefined && { version }), ...(kinds && { kinds }) };
  return {
    _id,
    number,
    owner,
    connection,
    families: { ipv4: capabilities?.ipv4, ipv6: capabilities?.ipv6 },
    ...(asn_v4 !== undefined && { asn_v4 }),
    ...(asn_v6 !== undefined && { asn_v6 }),
    ...(prefix_v4 !== undefined && { prefix_v4 }),
    ...(prefix_v6 !== undefined && { prefix_v6 }),
  };
}
