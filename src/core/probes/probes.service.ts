import { Injectable } from '@nestjs/common';
import { createOnce, idempotencyMembers } from '../../platform/database/idempotency.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { isNumberTaken, NumbersService } from '../../platform/database/numbers/numbers.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Seen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { roughly } from '../sites/index.js';
import { TokensService, type UserEntity } from '../users/index.js';
import { LocalSessions, ServersService } from '../servers/index.js';
import { PROBE_NUMBERS, type ProbeConnection, type ProbeEntity, type Suspension } from './probe.schema.js';
import { type Reliability } from './reliability-figures.js';
import { type PlaceMembers, type PlaceStatement, restated } from './place.js';
import { ProbeFeed } from './probe-feed.js';
import { type Condition, conditionsOf, type ProbeFilter } from './probe-filter.js';
import { type ProbePage, type ProbeSearch, searchConditions } from './probe-search.js';
import { ProbeConnectionsRepository } from './probe-connections.repository.js';
import {
  type ListedProbe,
  ListedProbesRepository,
  type NamedProbe,
  type ProbeReports,
} from './listed-probes.repository.js';
import { type ChosenProbe, ProbesRepository, type ProbeTotals } from './probes.repository.js';

export interface Location {
  /** degrees, -180 to 180 */
  longitude: number;
  /** degrees, -90 to 90 */
  latitude: number;
}

export interface NewProbe extends PlaceStatement {
  location: Location;
  /** chosen by a superuser; undefined: the next one */
  number?: number | undefined;
  name?: string | undefined;
  tags?: string[] | undefined;
  /** superusers alone */
  anchor?: boolean | undefined;
}

export type ProbeUpdate = Partial<Pick<ProbeEntity, 'name' | 'tags'>> &
  PlaceStatement & { location?: Location | undefined; anchor?: boolean | undefined };

/** A conflict. */
export const RETIRED = 'The account that the probe belonged to was deleted: it is retired for good';

/** What of a connection tells whether it stands. */
type Held = Pick<ProbeConnection, 'session' | 'server'>;

/** The word of a probe that says whether it takes work, and does. */
const READY = 'ready';

@Injectable()
export class ProbesService {
  constructor(
    private readonly probes: ProbesRepository,
    private readonly listed: ListedProbesRepository,
    private readonly connections: ProbeConnectionsRepository,
    private readonly servers: ServersService,
    private readonly tokens: TokensService,
    private readonly local: LocalSessions,
    private readonly numbers: NumbersService,
    private readonly feed: ProbeFeed,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param idempotencyKey the same key of the same owner gives the probe that the first request made
   * @throws DomainError idempotency_key_reused when that was another request; forbidden (who chooses a number is no superuser), conflict
   *   (the number is taken)
   */
  async register(
    { _id: owner, is_superuser }: Pick<UserEntity, '_id' | 'is_superuser'>,
    probe: NewProbe,
    idempotencyKey?: string,
  ): Promise<ProbeEntity> {
    for (const name of ['number', 'anchor'] as const) {
      if (probe[name] !== undefined && !is_superuser)
        throw new DomainError('forbidden', `Only a superuser may state the ${name} of a probe`);
    }
    const place = restated({}, probe, probe.location);
    const idempotency = idempotencyKey === undefined ? undefined : { key: idempotencyKey, request: probe };
    return createOnce<ProbeEntity, ProbeEntity>(idempotency, {
      find: (key) => this.probes.findByIdempotencyKey(owner, key),
      show: (first) => first,
      create: () =>
        this.create({
          owner,
          ...(probe.number !== undefined && { number: probe.number }),
          location: pointOf(probe.location),
          ...present(place),
          ...(probe.anchor === true && { anchor: true }),
          ...(probe.name !== undefined && { name: probe.name }),
          tags: [...new Set(probe.tags)],
          token_version: 0,
          revision: 1,
          created_at: this.clock.now(),
          ...idempotencyMembers(idempotency),
        }),
    });
  }

  private async create(
    probe: Omit<ProbeEntity, '_id' | 'number'> & { number?: number },
  ): Promise<ProbeEntity> {
    try {
      return await this.numbers.give(PROBE_NUMBERS, probe.number, (number) =>
        this.probes.create({ ...probe, number }),
      );
    } catch (error) {
      if (isNumberTaken(error))
        throw new DomainError('conflict', `number ${probe.number} is another probe's`);
      throw error;
    }
  }

  tokenOf(probe: Pick<ProbeEntity, '_id' | 'token_version'>): string {
    return this.tokens.probeToken(probe._id, probe.token_version);
  }

  /** In order of creation; who is connected is as known as it will be to whoever asks next. */
  async list(
    filter: ProbeFilter,
    page?: { limit: number; after?: ObjectId | undefined },
  ): Promise<ProbeEntity[]> {
    const servers = filter.connected === undefined ? [] : await this.servers.standing();
    return this.asKnown(() => this.probes.find(conditionsOf(filter, servers), page));
  }

  /** With what a list shows of each, in the order and as known as with `list`. One that is stored as before is the same object as before. */
  async listAll(filter: Omit<ProbeFilter, 'connected'>): Promise<ListedProbe[]> {
    return this.asKnown(() => this.listed.findListed(conditionsOf(filter, [])));
  }

  /** @returns how well a probe does, as it was measured last; undefined: it was not yet */
  async reliabilityOf(id: ObjectId): Promise<Reliability | undefined> {
    return this.probes.findReliability(id);
  }

  /** @param owner of these alone */
  async totals(owner?: ObjectId): Promise<ProbeTotals> {
    return this.probes.totals(await this.servers.standing(), owner);
  }

  /** @returns ids of those that match, `limit` at most, in no order */
  async idsOf(filter: ProbeFilter, limit: number): Promise<ObjectId[]> {
    return this.probes.findIds(conditionsOf(filter, []), limit);
  }

  /** @returns ids of those that match, `limit` at most, in no order; who is connected is known as well */
  async searchIds(filter: ProbeFilter, search: ProbeSearch, limit: number): Promise<ObjectId[]> {
    return this.probes.findIds(await this.conditions(filter, search), limit);
  }

  /** @returns a page by number, in the order of numbers, and how many match in all */
  async search(
    filter: ProbeFilter,
    search: ProbeSearch,
    page: ProbePage,
  ): Promise<{ found: ProbeEntity[]; count: number }> {
    const conditions = await this.conditions(filter, search);
    const [found, count] = await Promise.all([
      page.limit === 0 ? [] : this.asKnown(() => this.probes.findPage(conditions, page)),
      this.probes.count(conditions),
    ]);
    return { found, count };
  }

  private async conditions(filter: ProbeFilter, search: ProbeSearch): Promise<Pick<Condition, 'where'>[]> {
    const servers = await this.servers.standing();
    const more = searchConditions(search, servers, this.clock.now()).map((where) => ({ where }));
    return [...conditionsOf(filter, servers), ...more];
  }

  /** @throws DomainError not_found */
  async get(id: ObjectId | undefined): Promise<ProbeEntity> {
    const [probe] = id ? await this.getKnown([id]) : [];
    if (!probe) throw new DomainError('not_found', 'There is no such probe');
    return probe;
  }

  /**
   * @returns the probes of these ids, each once, in order of creation
   * @throws DomainError not_found naming each id, as an item of the member `probes`, that is no probe of ours
   */
  async chosen(ids: readonly (ObjectId | undefined)[]): Promise<ChosenProbe[]> {
    const probes = await this.asKnown(() => this.probes.findChosen(ids.filter((id) => id !== undefined)));
    // each is there once: as many as were asked for are all of them
    if (probes.length === ids.length) return probes;
    const found = new Set(probes.map(({ _id }) => String(_id)));
    const missing = ids.flatMap((id, index) => (id !== undefined && found.has(String(id)) ? [] : [index]));
    const [first] = missing;
    if (first === undefined) return probes;
    const named = ids[first] === undefined ? 'An id' : String(ids[first]);
    const message = 'is no probe of ours';
    throw new DomainError('not_found', `${named} in probes ${message}`, [
      { field: 'probes', positions: missing, message, in: 'body' },
    ]);
  }

  /** @returns those of the ids that exist, in order of creation */
  async getKnown(ids: readonly ObjectId[]): Promise<ProbeEntity[]> {
    return this.asKnown(() => this.probes.findByIds(ids));
  }

  /** @returns those of the ids that exist, in order of creation; one that is stored as before is the same object as before */
  async getNamed(ids: readonly ObjectId[]): Promise<NamedProbe[]> {
    return this.listed.findNamed(ids);
  }

  /** @returns by id what probes are called: nothing of those that have no name or are gone */
  async namesOf(ids: readonly ObjectId[]): Promise<Map<string, string>> {
    const found = await this.probes.findNames(ids);
    return new Map(found.flatMap(({ _id, name }) => (name === undefined ? [] : [[_id.toHexString(), name]])));
  }

  /** @throws DomainError not_found */
  async byNumber(number: number): Promise<ProbeEntity> {
    const [probe] = await this.byNumbers([number]);
    if (!probe) throw new DomainError('not_found', 'There is no such probe');
    return probe;
  }

  /** @returns those of the numbers that exist, in order of creation: also retired ones, whose results are still shown */
  async byNumbers(numbers: readonly number[]): Promise<ProbeEntity[]> {
    return this.asKnown(() => this.probes.findByNumbers(numbers));
  }

  /** Of those that exist, in order of creation. */
  async getReports(ids: readonly ObjectId[]): Promise<Readonly<ProbeReports>[]> {
    return this.asKnown(() => this.listed.findReports(ids));
  }

  /**
   * @param user its owner, or a superuser @param seen by the caller
   * @throws DomainError invalid_request, not_found, forbidden, changed_meanwhile
   */
  async update(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen,
    { location, name, tags, anchor, ...statement }: ProbeUpdate,
  ): Promise<ProbeEntity> {
    const probe = user.is_superuser ? await this.get(id) : await this.getOwn(id, user._id);
    if (anchor !== undefined && !user.is_superuser)
      throw new DomainError('forbidden', 'Only a superuser may state the anchor of a probe');
    const changes = {
      ...(name !== undefined && { name }),
      ...(tags && { tags }),
      ...(location && { location: pointOf(location) }),
      ...restated(probe, statement, location ?? locationOf(probe)),
      ...(anchor !== undefined && { anchor: anchor ? (true as const) : undefined }),
    };
    const updated = await this.probes.update(probe._id, probe.owner, seen, changes, this.clock.now());
    if (updated === null) throw await this.changedMeanwhile(probe._id);
    this.feed.edited(updated);
    return updated;
  }

  /**
   * Makes all tokens of this probe worthless. Its connection is the caller's to close (ProbeConnectionsService.cutOff).
   * @returns the probe as it was before
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async raiseTokenVersion(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen = 'any',
  ): Promise<ProbeEntity> {
    // a token that is abused must not wait for its owner
    const probe = user.is_superuser ? await this.get(id) : await this.getOwn(id, user._id);
    if (probe.imported) throw new DomainError('conflict', 'The probe was imported: it has no token');
    const before = await this.probes.raiseTokenVersion(probe._id, probe.owner, seen, this.clock.now());
    if (before === null) throw await this.changedMeanwhile(probe._id);
    return before;
  }

  /** Its connection is the caller's to close. @returns the probe as it was before @throws DomainError not_found, conflict, changed_meanwhile */
  async suspend(id: ObjectId | undefined, reason: string, seen: Seen): Promise<ProbeEntity> {
    const { _id } = await this.get(id);
    const now = this.clock.now();
    const before = await this.probes.suspend(_id, { at: now, reason }, now, seen);
    if (before === null) throw await this.unchangeable(_id);
    return before;
  }

  /** @returns the probe as it is now @throws DomainError not_found, conflict, changed_meanwhile */
  async unsuspend(id: ObjectId | undefined, seen: Seen): Promise<ProbeEntity> {
    const { _id } = await this.get(id);
    const after = await this.probes.unsuspend(_id, this.clock.now(), seen);
    if (after === null) throw await this.unchangeable(_id);
    return after;
  }

  /** @returns why a probe that is there was not changed */
  private async unchangeable(id: ObjectId): Promise<DomainError> {
    const { suspended } = await this.get(id);
    return suspended?.retired ? new DomainError('conflict', RETIRED) : this.changedMeanwhile(id);
  }

  /** By server: how many probes are connected to it. */
  async countByServer(): Promise<Map<string, number>> {
    return this.connections.countByServer();
  }

  async unretiredOf(owner: ObjectId, limit: number): Promise<ProbeEntity[]> {
    return this.probes.findUnretired(owner, limit);
  }

  /** @returns the probe as it was before; null: it is retired already */
  async retire({ _id, location }: ProbeEntity, reason: string): Promise<ProbeEntity | null> {
    const now = this.clock.now();
    const [longitude, latitude] = location.coordinates.map(roughly) as [number, number];
    return this.probes.retire(_id, { at: now, reason, retired: true }, [longitude, latitude], now);
  }

  /** Reads probes when what was said of them is written, and knows afterwards which of their servers live. */
  async asKnown<T extends { connection?: Pick<ProbeConnection, 'server'> }>(
    read: () => Promise<T[]>,
  ): Promise<T[]> {
    await this.local.creditsAreNoted();
    const probes = await read();
    await this.servers.getToKnow(probes.flatMap(({ connection }) => connection?.server ?? []));
    return probes;
  }

  /**
   * The one truth of who is connected, for those who show it and those who choose by it.
   * @returns its connection, if its socket stands here, or the server that holds it is alive
   */
  connectionOf<Known extends Held>({ connection }: { connection?: Known }): Known | undefined {
    if (connection === undefined) return undefined;
    const isHere = connection.server === this.servers.ownId;
    const stands = isHere
      ? this.local.isStanding(connection.session)
      : this.servers.isAlive(connection.server);
    return stands ? connection : undefined;
  }

  /** @returns the share of its credits that is free, 0 to 1; undefined while it is not connected */
  availabilityOf(probe: Pick<ListedProbe, 'connection'>): number | undefined {
    const connection = this.connectionOf(probe);
    if (connection === undefined) return undefined;
    return connection.total_credits === 0 ? 0 : 1 - connection.in_use_credits / connection.total_credits;
  }

  /** Connected, and with room for one more run of this cost. */
  isAvailable(probe: Pick<ChosenProbe, 'connection'>, costPerRun: number): boolean {
    const connection = this.connectionOf(probe);
    if (connection === undefined) return false;
    const { in_use_credits, total_credits, status = READY } = connection;
    return status === READY && in_use_credits + costPerRun <= total_credits;
  }

  /** @throws DomainError not_found where it was deleted meanwhile */
  private async changedMeanwhile(id: ObjectId): Promise<DomainError> {
    return new ChangedMeanwhileError('The probe', (await this.get(id)).revision);
  }

  private async getOwn(id: ObjectId | undefined, owner: ObjectId): Promise<ProbeEntity> {
    const probe = await this.get(id);
    if (!probe.owner.equals(owner)) throw new DomainError('forbidden', 'The probe is not yours');
    return probe;
  }
}

/** @returns what the host of a suspended probe is told */
export function suspensionSentence({ reason, retired }: Suspension): string {
  if (retired) return `This probe is retired: ${reason}. Register it anew, with another account`;
  return `This probe is suspended by the operator of the platform: ${reason}. It gets no work until that is lifted: ask the operator`;
}

function pointOf({ longitude, latitude }: Location): ProbeEntity['location'] {
  return { type: 'Point', coordinates: [longitude, latitude] };
}

/** @returns without the members that are undefined */
function present(place: PlaceMembers): Partial<ProbeEntity> {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

export function locationOf({ location }: Pick<ProbeEntity, 'location'>): Location {
  const [longitude, latitude] = location.coordinates;
  return { longitude, latitude };
}
