import { Injectable } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import {
  type Families,
  type ConnectionState,
  type ProbeConnection,
  type ProbeEntity,
  type ProbeReport,
  ProbeConnectionsRepository,
} from '../probes/index.js';
import { type SessionEntity } from './session.schema.js';
import { SessionsRepository } from './sessions.repository.js';

/** One command for so many at most: it is over in milliseconds, and whoever else writes has a turn in between. */
const MOST = 200;

/** A probe that comes: whose token says who it is, and of which version that is. */
export interface Arrival {
  probe: ObjectId;
  tokenVersion: number;
  connection: ProbeConnection;
  families?: Families | undefined;
}

export interface Departure {
  probe: ObjectId;
  session: ObjectId;
  at: Date;
  reason: string;
}

export interface ReportOf {
  probe: ObjectId;
  session: ObjectId;
  report: ProbeReport;
  at: Date;
}

export interface StateOf {
  probe: ObjectId;
  session: ObjectId;
  state: ConnectionState;
}

const hex = (id: ObjectId): string => id.toHexString();

/**
 * Who is here, in the database: what thousands of probes bring within a second is written a few hundred at a time. Each change is
 * as conditional as it would be alone: a revoked token opens nothing, a late good-bye ends nothing that is newer.
 */
@Injectable()
export class ConnectionsWriter {
  private readonly opens = new GroupCommit<Arrival, ProbeEntity | undefined>((items) => this.openAll(items), {
    most: MOST,
    keyOf: ({ probe }) => hex(probe),
  });
  private readonly closes = new GroupCommit<Departure, boolean>((items) => this.closeAll(items), {
    most: MOST,
    keyOf: ({ session }) => hex(session),
  });
  private readonly reports = new GroupCommit<ReportOf>((items) => this.reportAll(items), {
    most: MOST,
    keyOf: ({ probe }) => hex(probe),
  });
  private readonly states = new GroupCommit<StateOf>((items) => this.setStates(items), {
    most: MOST,
    keyOf: ({ probe }) => hex(probe),
  });
  private readonly questions = new GroupCommit<{ probe: ObjectId; session: ObjectId }, boolean>(
    (items) => this.areCurrent(items),
    { most: MOST },
  );

  constructor(
    private readonly repository: ProbeConnectionsRepository,
    private readonly sessions: SessionsRepository,
  ) {}

  /** @returns the probe with its new connection; undefined when it does not exist, or its token was revoked */
  async open(arrival: Arrival): Promise<ProbeEntity | undefined> {
    return this.opens.add(arrival);
  }

  /** @returns whether that was the probe's connection, and it has none now */
  async close(departure: Departure): Promise<boolean> {
    return this.closes.add(departure);
  }

  async report(report: ReportOf): Promise<void> {
    return this.reports.add(report);
  }

  async setState(state: StateOf): Promise<void> {
    return this.states.add(state);
  }

  async isCurrent(probe: ObjectId, session: ObjectId): Promise<boolean> {
    return this.questions.add({ probe, session });
  }

  /** Those who wait to be let in are told so; when those that were under way are in, it is done. */
  async refuseArrivals(error: unknown): Promise<void> {
    this.opens.refuseWaiting(error);
    await this.opens.idle();
  }

  private async openAll(arrivals: readonly Arrival[]): Promise<(ProbeEntity | undefined)[]> {
    await this.repository.setConnections(arrivals);
    const found = await this.repository.findAsTheyAre(arrivals.map(({ probe }) => probe));
    const now = new Map(found.map((probe) => [hex(probe._id), probe]));
    const landings = arrivals.map((arrival) => landingOf(arrival, now.get(hex(arrival.probe))));
    const landed = landings.filter((landing) => landing !== undefined);
    await this.sessions.openAll(landed.map(sessionOf), landed.flatMap(endOfOlder));
    // another server was faster than our look: whom these took over, only their probes' sessions can tell
    for (const { probe, connection } of landed.filter(({ isCurrent }) => !isCurrent))
      await this.sessions.closeAllBut(probe._id, probe.connection?.session, connection.since);
    return landings.map((landing) => landing && { ...landing.probe, connection: landing.connection });
  }

  private async closeAll(departures: readonly Departure[]): Promise<boolean[]> {
    await this.sessions.closeAll(departures);
    // a session that is not current now will never be: only these can be cleared
    const current = await this.areCurrent(departures);
    const leaving = departures.filter((_departure, index) => current[index] === true);
    const cleared = await this.repository.clearConnections(leaving);
    if (cleared === leaving.length) return current;
    // some were cleared or taken over by others meanwhile: those who have no connection are gone in any case
    const now = await this.repository.findSessions(leaving.map(({ probe }) => probe));
    return departures.map(({ probe }, index) => current[index] === true && !now.has(hex(probe)));
  }

  private async areCurrent(asked: readonly { probe: ObjectId; session: ObjectId }[]): Promise<boolean[]> {
    const now = await this.repository.findSessions(asked.map(({ probe }) => probe));
    return asked.map(({ probe, session }) => now.get(hex(probe))?.equals(session) === true);
  }

  private async setStates(states: readonly StateOf[]): Promise<undefined[]> {
    await this.repository.setStates(states);
    return states.map(() => undefined);
  }

  private async reportAll(reports: readonly ReportOf[]): Promise<undefined[]> {
    await this.repository.setReports(reports);
    return reports.map(() => undefined);
  }
}

/** A connection that was stored, and its probe as it was seen then. */
interface Landing {
  probe: ProbeEntity;
  connection: ProbeConnection;
  /** false: another has taken over already */
  isCurrent: boolean;
}

/** @returns undefined when nothing was stored: there is no such probe, it is suspended, or its token was revoked */
function landingOf(
  { tokenVersion, connection }: Arrival,
  probe: ProbeEntity | undefined,
): Landing | undefined {
  if (probe?.token_version !== tokenVersion || probe.suspended !== undefined) return undefined;
  const isCurrent = probe.connection?.session.equals(connection.session) === true;
  return { probe, connection: isCurrent ? (probe.connection ?? connection) : connection, isCurrent };
}

function sessionOf({ probe, connection, isCurrent }: Landing): SessionEntity {
  const { session, server, protocol, version, since } = connection;
  const over = { to: since, reason: 'taken over' };
  return {
    ...{ _id: session, probe: probe._id, server, protocol, ...(version !== undefined && { version }) },
    ...{ from: since, ...(!isCurrent && over) },
  };
}

/** Of the session that this one has taken over. */
function endOfOlder({ connection: { took_over, since } }: Landing) {
  return took_over === undefined ? [] : [{ session: took_over.session, at: since, reason: 'taken over' }];
}
