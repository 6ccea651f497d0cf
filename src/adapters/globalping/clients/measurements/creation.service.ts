import { Inject, Injectable } from '@nestjs/common';
import { ENV } from '../../../../config/config.module.js';
import { type Env } from '../../../../config/env.js';
import { type OperationEntity } from '../../../../core/assignments/index.js';
import { type OperationRequest, OperationCreationService } from '../../../../core/operations/index.js';
import { type SharedProbe, type ShareEntity, SharesService } from '../../../../core/shares/index.js';
import { type UserEntity } from '../../../../core/users/index.js';
import { GLOBALPING_PROTOCOL } from '../../../../measurement/kinds/globalping-words.js';
import { isKindName, type KindName, KINDS } from '../../../../measurement/kinds/index.js';
import { ObjectId } from '../../../../platform/database/object-id.js';
import { PlatformClock } from '../../../../platform/database/platform-clock.js';
import { DomainError, LimitReachedError } from '../../../../platform/errors/domain.error.js';
import { choose } from '../locations/choose.js';
import { type Vantages, type VantagePoint, VantagesService } from '../locations/vantages.service.js';
import { type Indexed } from '../locations/magic.js';
import { nativeParams } from '../request/native-params.js';
import { type MeasurementRequest, readRequest } from '../request/read-request.js';
import { type Asker, DoorBounds, type TestsLeft } from './bounds.js';
import { shownRequest } from './shown-request.js';

const MOST_TESTS = 500;
const MOST_ANONYMOUS_TESTS = 50;
/** Tests of a measurement whose output is shown while they are at it, the first ones. */
const MOST_FOLLOWED = 5;
/** What a test may take beyond its time-out until its result is here. */
const ON_THE_WAY_MS = 5_000;
/** Readers of measurements are promised seven days. */
const LEAST_KEPT_S = 8 * 24 * 3600;

/** Who pays, and who is counted. */
export interface Caller {
  payer: UserEntity;
  asker: Asker;
}

/** What a request costs, and what is left after it. */
export interface Account {
  cost: number;
  consumed: number;
  /** credits; undefined: nothing is paid for, or it is not the caller's own account */
  remaining: number | undefined;
  tests: TestsLeft;
}

export interface Created {
  share: ShareEntity;
  operation: OperationEntity | undefined;
  account: Account;
}

/** Probes in the order in which they are shown; those that were asked for and are away are absent. */
interface Chosen {
  probes: SharedProbe[];
  /** what is shown of how they were chosen */
  shown: Pick<ReturnType<typeof shownRequest>, 'limit' | 'locations'>;
}

/** A request that cannot be paid, or is one too many: with what the answer says of it. */
export class RefusedForAccount extends Error {
  constructor(
    override readonly cause: DomainError,
    readonly account: Account,
  ) {
    super(cause.message);
  }
}

/** Makes an operation of a measurement as Globalping's clients ask for it, and gives it the name by which they read it. */
@Injectable()
export class CreationService {
  constructor(
    private readonly vantages: VantagesService,
    private readonly creation: OperationCreationService,
    private readonly shares: SharesService,
    private readonly bounds: DoorBounds,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Pick<Env, 'credits' | 'retention'>,
  ) {}

  /** @throws DomainError as OperationsService.create(); RefusedForAccount */
  async create(body: Readonly<Record<string, unknown>>, caller: Caller): Promise<Created> {
    const isGuest = caller.asker.type === 'ip';
    const read = readRequest(body, isGuest ? MOST_ANONYMOUS_TESTS : MOST_TESTS);
    if ('params' in read) {
      const violations = Object.entries(read.params).map(([field, message]) => ({ field, message }));
      throw DomainError.invalid(...violations);
    }
    const { request } = read;
    const { params, isExact } = nativeParams(request, request.timeout);
    const kind = kindOf(request);
    const chosen = await this.choose(request, kind, params, isExact);
    const asked = chosen.probes.filter(({ absent }) => absent !== true);
    const tests = await this.takeTests(caller, asked.length, KINDS[kind].unitCost * asked.length);
    if (asked.length === 0) return this.nothingToAsk(request, chosen, caller, tests);
    try {
      return await this.store(request, { kind, params }, chosen, caller, tests);
    } catch (error) {
      await this.bounds.giveTestsBack(caller.asker, asked.length);
      throw await this.explained(error, caller, KINDS[kind].unitCost * asked.length);
    }
  }

  private async choose(
    request: MeasurementRequest,
    kind: KindName,
    params: Record<string, unknown>,
    isExact: boolean,
  ): Promise<Chosen> {
    const all = await this.vantages.all();
    const { ipVersion } = request.options;
    const unable = this.vantages.unableToTell({ kind, params, schedule: onceFrom(this.clock.now()) });
    const able = all.points.filter(
      (point) =>
        this.vantages.canDo(point, { kind, ipVersion, isNative: isExact }) && !isUnable(point, unable),
    );
    if (typeof request.locations === 'string') return this.earlier(request.locations, able, ipVersion);
    const found = choose(able, all.vocabulary, request.locations, request.limit);
    if (found.length > 0) return { probes: found.map(sharedOf), shown: shownRequest(request) };
    const [only, ...others] = request.locations;
    if (only?.magic !== undefined && others.length === 0) return this.earlier(only.magic, able, ipVersion);
    throw noProbes(ipVersion);
  }

  /** The probes of an earlier measurement, in its order. @throws DomainError no_available_probe */
  private async earlier(id: string, able: Vantages['points'], ipVersion: 4 | 6): Promise<Chosen> {
    const before = await this.shares.find(id);
    if (before === undefined || before.probes.length === 0) throw noProbes(ipVersion);
    const byId = new Map(able.map((point) => [String(point.vantage.probe._id), point]));
    const probes = before.probes.map(({ probe, shown }): SharedProbe => {
      const point = byId.get(String(probe));
      return point === undefined ? { probe, shown, absent: true } : sharedOf(point);
    });
    const { limit, locations } = before.asked as Chosen['shown'];
    return { probes, shown: { ...(limit !== undefined && { limit }), ...(locations && { locations }) } };
  }

  private async store(
    request: MeasurementRequest,
    native: { kind: KindName; params: Record<string, unknown> },
    chosen: Chosen,
    { payer, asker }: Caller,
    tests: TestsLeft,
  ): Promise<Created> {
    const id = new ObjectId();
    const now = this.clock.now();
    const deadline = new Date(now.getTime() + request.timeout * 1000 + ON_THE_WAY_MS);
    const asked = chosen.probes.filter(({ absent }) => absent !== true);
    const { share, stored } = this.shares.share({
      operation: id,
      owner: payer._id,
      created_at: now,
      deadline,
      asked: { ...shownRequest(request), ...chosen.shown },
      ...(request.inProgressUpdates && { asked_progress: true as const }),
      probes: chosen.probes,
    });
    // together: who asks waits for the slower of the two
    const [creation, sharing] = await Promise.allSettled([
      this.creation.create(payer, this.operationFor(request, native, asked, { id, until: deadline, now })),
      stored,
    ]);
    if (creation.status === 'rejected') {
      await this.shares.withdraw(share).catch(() => undefined);
      throw creation.reason;
    }
    if (sharing.status === 'rejected') throw sharing.reason;
    const { operation, probes } = creation.value;
    await this.noteAbsent(share, new Set(probes.map(({ _id }) => String(_id))));
    return { share, operation, account: this.accountOf(payer, asker, operation.credits, tests, true) };
  }

  private operationFor(
    { type, target, options, timeout, inProgressUpdates }: MeasurementRequest,
    { kind, params }: { kind: KindName; params: Record<string, unknown> },
    asked: readonly SharedProbe[],
    { id, until, now }: { id: ObjectId; until: Date; now: Date },
  ): OperationRequest {
    const kept = keptLongEnough(this.env.retention);
    return {
      id,
      until,
      kind,
      params,
      unknownParams: 'refuse',
      wording: {
        protocol: GLOBALPING_PROTOCOL,
        request: { type, target, timeout, inProgressUpdates, ...options },
      },
      ...(inProgressUpdates && { progress: MOST_FOLLOWED }),
      schedule: { value: onceFrom(now) },
      probes: asked.map(({ probe }) => probe),
      availability: 'now',
      visibility: 'private',
      ...(kept && { retention: kept }),
    };
  }

  /** A probe that left in the last moment is shown as what it is. */
  private async noteAbsent(share: ShareEntity, assigned: ReadonlySet<string>): Promise<void> {
    const places = share.probes.flatMap(({ probe, absent }, place) =>
      absent === true || assigned.has(String(probe)) ? [] : [place],
    );
    for (const place of places) Object.assign(share.probes[place] ?? {}, { absent: true });
    await this.shares.markAbsent(share, places);
  }

  private async nothingToAsk(
    request: MeasurementRequest,
    chosen: Chosen,
    { payer, asker }: Caller,
    tests: TestsLeft,
  ): Promise<Created> {
    const now = this.clock.now();
    const { share, stored } = this.shares.share({
      owner: payer._id,
      created_at: now,
      deadline: now,
      asked: { ...shownRequest(request), ...chosen.shown },
      probes: chosen.probes,
    });
    await stored;
    return { share, operation: undefined, account: this.accountOf(payer, asker, 0, tests, true) };
  }

  /** @throws RefusedForAccount */
  private async takeTests({ payer, asker }: Caller, tests: number, cost: number): Promise<TestsLeft> {
    if (tests === 0) return this.bounds.testsLeft(asker);
    const left = await this.bounds.takeTests(asker, tests);
    if (left !== undefined) return left;
    const { limit, remaining, reset } = await this.bounds.testsLeft(asker);
    const whose = asker.type === 'user' ? 'your account' : 'your address';
    const cause = new LimitReachedError(
      'limit_reached',
      `This measurement has ${tests} tests, and ${remaining} of ${limit} an hour are left for ${whose}`,
      {
        ...{ bound: 'door_tests', limit, used: limit - remaining, asked: tests },
        freeAt: tests > limit ? undefined : new Date(Date.now() + reset * 1000),
      },
    );
    const account = this.accountOf(payer, asker, cost, { limit, consumed: 0, remaining, reset }, false);
    throw new RefusedForAccount(cause, account);
  }

  /** @returns what to throw */
  private async explained(error: unknown, { payer, asker }: Caller, cost: number): Promise<unknown> {
    if (!(error instanceof DomainError)) return error;
    const left = await this.bounds.testsLeft(asker);
    if (error.code === 'limit_reached')
      return new RefusedForAccount(error, this.accountOf(payer, asker, cost, left, false));
    if (error.code !== 'not_enough_credits') return error;
    const cause = new DomainError(error.code, `Not enough credits: this measurement costs ${cost}`);
    // the command line adds both up, and calls the sum credits
    const none = { ...left, remaining: 0 };
    return new RefusedForAccount(cause, this.accountOf(payer, asker, cost, none, false));
  }

  private accountOf(
    { credits }: UserEntity,
    { type }: Asker,
    cost: number,
    tests: TestsLeft,
    isPaid: boolean,
  ): Account {
    const consumed = isPaid ? cost : 0;
    const isShown = this.env.credits && type === 'user';
    return { cost, consumed, remaining: isShown ? Math.max(0, credits - consumed) : undefined, tests };
  }
}

function sharedOf({ vantage: { probe, shown } }: Indexed<VantagePoint>): SharedProbe {
  return { probe: probe._id, shown };
}

function isUnable({ vantage: { probe } }: Indexed<VantagePoint>, labels: readonly string[]): boolean {
  const label = probe.connection?.protocol ?? '';
  // its own probes are told what was asked for in their own words
  return label !== GLOBALPING_PROTOCOL && labels.includes(label);
}

/** @throws DomainError no_available_probe, where this server knows no such kind */
function kindOf({ type, options }: MeasurementRequest): KindName {
  if (!isKindName(type)) throw noProbes(options.ipVersion);
  return type;
}

function noProbes(ipVersion: 4 | 6): DomainError {
  return new DomainError('no_available_probe', `No matching IPv${ipVersion} probes available.`);
}

function onceFrom(now: Date) {
  return { type: 'once' as const, at: now };
}

/** @returns what an operation has to state where the platform keeps less than readers are promised */
function keptLongEnough({ raw_s, results_s }: Env['retention']): OperationRequest['retention'] {
  const raised = {
    ...(raw_s !== null && raw_s < LEAST_KEPT_S && { raw_s: LEAST_KEPT_S }),
    ...(results_s !== null && results_s < LEAST_KEPT_S && { results_s: LEAST_KEPT_S }),
  };
  return Object.keys(raised).length === 0 ? undefined : raised;
}
