import { Injectable } from '@nestjs/common';
import { GroupCommit } from '../../common/database/group-commit.js';
import { type ObjectId } from '../../common/database/object-id.js';
import { type ProbeConnection, type ProbeEntity, type ProbeReport } from './probe.schema.js';
import { ProbesRepository } from './probes.repository.js';
import { type SessionEntity } from './session.schema.js';
import { SessionsRepository } from './sessions.repository.js';

/** One command for so many at most: it is over in milliseconds, and whoever else writes has a turn in between. */
const MOST = 200;

/** A probe that comes: whose token says who it is, and of which version that is. */
export interface Arrival {
  probe: ObjectId;
  tokenVersion: number;
  connection: ProbeConnection;
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
  private readonly questions = new GroupCommit<{ probe: ObjectId; session: ObjectId }, boolean>(
    (items) => this.areCurrent(items),
    { most: MOST },
  );

  constructor(
    private readonly probes: ProbesRepository,
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

  async isCurrent(probe: ObjectId, session: ObjectId): Promise<boolean> {
    return this.questions.add({ probe, session });
  }

  /** Those who wait to be let in are told so; when those that were under way are in, it is done. */
  async refuseArrivals(error: unknown): Promise<void> {
    this.opens.refuseWaiting(error);
    await this.opens.idle();
  }

  private async openAll(arrivals: readonly Arrival[]): Promise<(ProbeEntity | undefined)[]> {
    await this.probes.setConnections(arrivals);
    const found = new Map(
      (await this.probes.findAsTheyAre(arrivals.map(({ probe }) => probe))).map((each) => [
        hex(each._id),
        each,
      ]),
    );
    const here = arrivals.flatMap((arrival) => {
      const probe = found.get(hex(arrival.probe));
      return probe?.token_version === arrival.tokenVersion ? [{ ...arrival, probe }] : [];
    });
    const isTheirs = ({ probe, connection }: (typeof here)[number]) =>
      probe.connection?.session.equals(connection.session) === true;
    await this.sessions.openAll(
      here.map((each) => sessionOf(each.probe._id, each.connection, !isTheirs(each))),
      here.flatMap(({ connection: { since: at }, probe }) => {
        const before = probe.connection?.took_over?.session;
        return before === undefined ? [] : [{ session: before, at, reason: 'taken over' }];
      }),
    );
    // another server was faster than our look: whom these took over, only their probes' sessions can tell
    for (const each of here.filter((arrival) => !isTheirs(arrival)))
      await this.sessions.closeAllBut(each.probe._id, each.probe.connection?.session, each.connection.since);
    return arrivals.map((arrival) => {
      const probe = found.get(hex(arrival.probe));
      if (probe?.token_version !== arrival.tokenVersion) return undefined;
      return probe.connection?.session.equals(arrival.connection.session) === true
        ? probe
        : { ...probe, connection: arrival.connection };
    });
  }

  private async closeAll(departures: readonly Departure[]): Promise<boolean[]> {
    await this.sessions.closeAll(departures);
    // a session that is not current now will never be: only these can be cleared
    const current = await this.areCurrent(departures);
    const leaving = departures.filter((_departure, index) => current[index] === true);
    const cleared = await this.probes.clearConnections(leaving);
    if (cleared === leaving.length) return current;
    // some were cleared or taken over by others meanwhile: those who have no connection are gone in any case
    const now = await this.probes.findSessions(leaving.map(({ probe }) => probe));
    return departures.map(({ probe }, index) => current[index] === true && !now.has(hex(probe)));
  }

  private async areCurrent(asked: readonly { probe: ObjectId; session: ObjectId }[]): Promise<boolean[]> {
    const now = await this.probes.findSessions(asked.map(({ probe }) => probe));
    return asked.map(({ probe, session }) => now.get(hex(probe))?.equals(session) === true);
  }

  private async reportAll(reports: readonly ReportOf[]): Promise<undefined[]> {
    await this.probes.setReports(reports);
    return reports.map(() => undefined);
  }
}

/** @param isOver another connection of the probe has taken over already */
function sessionOf(
  probe: ObjectId,
  { session, server, protocol, since }: ProbeConnection,
  isOver: boolean,
): SessionEntity {
  return {
    _id: session,
    probe,
    server,
    protocol,
    from: since,
    ...(isOver && { to: since, reason: 'taken over' }),
  };
}
