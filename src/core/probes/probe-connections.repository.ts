import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { FINDABLE, type FoundNetwork } from './place.js';
import {
  type ConnectionState,
  type Families,
  MAX_CREDITS,
  PROBE_MODEL,
  type ProbeConnection,
  type ProbeEntity,
  type ProbeReport,
} from './probe.schema.js';

/** Which probe is connected to which server, over which session, and what it says of itself while it is. */
@Injectable()
export class ProbeConnectionsRepository {
  constructor(@InjectModel(PROBE_MODEL) private readonly model: Model<ProbeEntity>) {}

  /** By server: how many probes are connected to it. */
  async countByServer(): Promise<Map<string, number>> {
    const counts = await this.model.aggregate<{ _id: string; probes: number }>([
      { $match: { 'connection.server': { $exists: true } } },
      { $group: { _id: '$connection.server', probes: { $sum: 1 } } },
    ]);
    return new Map(counts.map(({ _id, probes }) => [_id, probes]));
  }

  /**
   * Each replaces the connection that stands, and notes whose; a probe that does not exist, or whose token has another version,
   * is not touched. Writing the same again changes nothing.
   */
  async setConnections(
    arrivals: readonly {
      probe: ObjectId;
      tokenVersion: number;
      connection: ProbeConnection;
      families?: Families | undefined;
    }[],
  ): Promise<void> {
    const updates = arrivals.map(({ probe, tokenVersion, connection, families }) => ({
      updateOne: {
        filter: { _id: probe, token_version: tokenVersion, suspended: { $exists: false } },
        update: [
          {
            $set: {
              connection: connectionAfter(connection),
              capabilities: {
                $literal: {
                  protocol: connection.protocol,
                  kinds: connection.kinds ?? [],
                  ...known(families),
                },
              },
              last_seen: connection.since,
            },
          },
        ],
      },
    }));
    await this.model.collection.bulkWrite(updates, { ordered: false });
  }

  /** Notes what the address of a probe says of its networks, unless what is known of where it is has changed meanwhile. */
  async noteNetwork(before: ProbeEntity, found: FoundNetwork): Promise<void> {
    const known = [...FINDABLE, 'stated' as const].map((name) => [name, before[name] ?? null] as const);
    const [set, unset] = [true, false].map((isThere) =>
      Object.entries(found).filter(([, value]) => (value !== undefined) === isThere),
    ) as [[string, unknown][], [string, undefined][]];
    await this.model.collection.updateOne(
      { _id: before._id, ...Object.fromEntries(known) },
      {
        ...(set.length > 0 && { $set: Object.fromEntries(set) }),
        ...(unset.length > 0 && { $unset: Object.fromEntries(unset.map(([name]) => [name, 1 as const])) }),
      },
    );
  }

  /** Past mongoose, because there may be hundreds, and all of them wait. */
  async findAsTheyAre(ids: readonly ObjectId[]): Promise<ProbeEntity[]> {
    return this.model.collection
      .find<ProbeEntity>({ _id: { $in: [...ids] } }, { batchSize: 1_000 })
      .toArray();
  }

  /** @returns by probe id; those that have none are left out */
  async findSessions(ids: readonly ObjectId[]): Promise<Map<string, ObjectId>> {
    const probes = await this.model.collection
      .find<{ _id: ObjectId; connection: Pick<ProbeConnection, 'session'> }>(
        { _id: { $in: [...ids] }, connection: { $exists: true } },
        { projection: { 'connection.session': 1 }, batchSize: 1_000 },
      )
      .toArray();
    return new Map(probes.map(({ _id, connection }) => [_id.toHexString(), connection.session]));
  }

  /** Where a newer connection has taken over a late good-bye changes nothing. @returns how many were cleared */
  async clearConnections(
    departures: readonly { probe: ObjectId; session: ObjectId; at: Date }[],
  ): Promise<number> {
    if (departures.length === 0) return 0;
    const updates = departures.map(({ probe, session, at }) => ({
      updateOne: {
        filter: { _id: probe, 'connection.session': session },
        update: { $unset: { connection: 1 as const }, $set: { last_seen: at } },
      },
    }));
    return (await this.model.collection.bulkWrite(updates, { ordered: false })).modifiedCount;
  }

  /** Some of the probes whose connection is on this server. */
  async findConnectedTo(server: string, limit: number): Promise<ProbeEntity[]> {
    return this.model.find({ 'connection.server': server }).limit(limit).lean<ProbeEntity[]>();
  }

  /** The probes that are connected to this server over one of these sessions. */
  async findConnectedOver(server: string, sessions: readonly ObjectId[]): Promise<ProbeEntity[]> {
    return this.model
      .find({ 'connection.server': server, 'connection.session': { $in: sessions } })
      .lean<ProbeEntity[]>();
  }

  /**
   * Clears connections to a server that is over; a probe that has moved to another keeps its new one.
   * @returns those that are not connected now
   */
  async clearConnectionsTo(server: string, ids: readonly ObjectId[], at: Date): Promise<ObjectId[]> {
    await this.model.updateMany(
      { _id: { $in: ids }, 'connection.server': server },
      [{ $set: { last_seen: { $max: ['$last_seen', at] } } }, { $unset: 'connection' }],
      { updatePipeline: true },
    );
    const left = await this.model
      .find({ _id: { $in: ids }, connection: { $exists: false } }, { _id: 1 })
      .lean();
    return left.map(({ _id }) => _id);
  }

  /** The sessions that the database has for this server, and the servers that it has any for: both from an index alone. */
  async findSessionsOf(server: string): Promise<ObjectId[]> {
    const probes = await this.model
      .find({ 'connection.server': server }, { _id: 0, 'connection.session': 1 })
      .lean<{ connection: Pick<ProbeConnection, 'session'> }[]>();
    return probes.map(({ connection }) => connection.session);
  }

  /** @returns by session, on which of these servers it is; read from an index alone */
  async findSessionsOfAll(servers: readonly string[]): Promise<Map<string, string>> {
    const found = await this.model.collection
      .find<{ connection: Pick<ProbeConnection, 'server' | 'session'> }>(
        { 'connection.server': { $in: [...servers] } },
        { projection: { _id: 0, 'connection.server': 1, 'connection.session': 1 }, batchSize: 100_000 },
      )
      .toArray();
    return new Map(found.map(({ connection: { session, server } }) => [session.toHexString(), server]));
  }

  /** Those that are connected to one of these servers; past mongoose, because there may be thousands. */
  async findConnected(servers: readonly string[], sessions?: readonly ObjectId[]): Promise<ProbeEntity[]> {
    const over = sessions && { 'connection.session': { $in: [...sessions] } };
    return this.model.collection
      .find<ProbeEntity>(
        { 'connection.server': { $in: [...servers] }, ...over },
        { projection: { reliability: 0, instrument: 0 }, batchSize: 1_000 },
      )
      .toArray();
  }

  async findServersConnectedTo(): Promise<string[]> {
    return this.model.distinct('connection.server');
  }

  /** Credits in use never fall below zero, nor grow beyond what can be said in a message, whatever a probe reports. */
  async addInUseCredits(id: ObjectId, session: ObjectId, credits: number): Promise<void> {
    const sum = { $min: [MAX_CREDITS, { $add: ['$connection.in_use_credits', credits] }] };
    await this.model.updateOne(
      { _id: id, 'connection.session': session },
      [{ $set: { 'connection.in_use_credits': { $max: [0, sum] } } }],
      { updatePipeline: true },
    );
  }

  /** What connected probes say of themselves: of one that has another session now nothing changes. */
  async setStates(
    states: readonly { probe: ObjectId; session: ObjectId; state: ConnectionState }[],
  ): Promise<void> {
    const updates = states.map(({ probe, session, state: { status, resolvers, ipv4, ipv6 } }) => ({
      updateOne: {
        filter: { _id: probe, 'connection.session': session },
        update: {
          $set: {
            ...(status !== undefined && { 'connection.status': status }),
            ...(resolvers !== undefined && { 'connection.resolvers': resolvers }),
            ...(ipv4 !== undefined && { 'capabilities.ipv4': ipv4 }),
            ...(ipv6 !== undefined && { 'capabilities.ipv6': ipv6 }),
          },
        },
      },
    }));
    await this.model.collection.bulkWrite(updates, { ordered: false });
  }

  async setReports(
    reports: readonly { probe: ObjectId; session: ObjectId; report: ProbeReport; at: Date }[],
  ): Promise<void> {
    const updates = reports.map(({ probe, session, report, at }) => {
      const { in_use_credits, backlog, running, clock, families } = report;
      const status = { backlog, running, clock, at };
      return {
        updateOne: {
          filter: { _id: probe, 'connection.session': session },
          update: {
            $set: {
              'connection.in_use_credits': in_use_credits,
              last_seen: at,
              status,
              ...(families && {
                'capabilities.ipv4': families.ipv4,
                'capabilities.ipv6': families.ipv6,
              }),
            },
          },
        },
      };
    });
    await this.model.collection.bulkWrite(updates, { ordered: false });
  }
}

function known({ ipv4, ipv6 }: Families = {}): Families {
  return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

/** An expression: this connection, with the one that it takes over. What a probe says is data, also where it begins with a dollar. */
function connectionAfter(connection: ProbeConnection) {
  const standing = { session: '$connection.session', server: '$connection.server' };
  const takenOver = {
    $switch: {
      branches: [
        // the same again: what it took over then
        { case: { $eq: ['$connection.session', connection.session] }, then: '$connection.took_over' },
        { case: { $eq: [{ $type: '$connection' }, 'missing'] }, then: '$$REMOVE' },
      ],
      default: standing,
    },
  };
  const { instance, since } = connection;
  const ousted = instance !== undefined && { ousted: oustedBy(instance, since) };
  return { $mergeObjects: [{ $literal: connection }, { took_over: takenOver, ...ousted }] };
}

/** An expression: the other start of a program that a connection of this one takes over from; of one that comes again as it was. */
function oustedBy(instance: string, at: Date) {
  return {
    $switch: {
      branches: [
        { case: { $eq: ['$connection.instance', { $literal: instance }] }, then: '$connection.ousted' },
        { case: { $ne: [{ $type: '$connection.instance' }, 'string'] }, then: '$$REMOVE' },
      ],
      default: { instance: '$connection.instance', at },
    },
  };
}
