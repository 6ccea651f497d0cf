import { setTimeout as delay } from 'node:timers/promises';
import { type FailureReason, type Operation } from '../../../probe/src/protocol/protocol.js';
import { until } from '../../support/until.js';
import { type Nature, type ProbeDiary } from '../audit/evidence.js';
import { type Random } from '../random.js';
import { Connection, RefusedHandshake, type SyncMessage } from './connection.js';
import { Courier } from './courier.js';
import { Diary, type Item } from './diary.js';
import { Disk } from './disk.js';
import { Liar, type OtherOperations } from './liar.js';
import { failure, type ProbeClock, result } from './measure.js';

/** One that goes on with the old connection does so for so long at most: it is for the server to close it. */
const TAKEN_OVER_MS = 40_000;
const SETTLED_MS = 120_000;
/** Refusals of a handshake that pass by themselves. */
const PASSING = ['nobody there', 'unavailable', 'shutting_down', 'busy'];
/** Of runs that are not done, why. */
const REASONS: FailureReason[] = ['timeout', 'tool_failed', 'unresolved', 'refused', 'given_up'];

export interface NativeIdentity {
  id: string;
  token: string;
  owner: string;
  nature: Nature;
}

/** A native probe that measures nothing, and does everything else: docs/protocol.md, under whatever happens to it. */
export class ChaosProbe {
  readonly diary = new Diary();
  connections = 0;
  private disk: Disk;
  private connection: Connection | undefined;
  /** taken over by itself: the server is to close them */
  private readonly older = new Set<Connection>();
  private living: Promise<void> = Promise.resolve();
  private over = false;
  /** no more mischief, no more runs */
  private restsFrom = Infinity;
  private isAsleep = false;
  private silentUntil = 0;
  /** to the next message of the server: not at all, does what it says but does not acknowledge it, neither */
  private deaf: 'no' | 'hears' | 'deaf' = 'no';
  private nature: Nature;
  private disks = 0;
  /** something that it did not acknowledge stands between what it has and what it should have */
  private isInDoubt = true;
  private readonly decided = new Map<string, boolean>();
  private readonly liar: Liar;
  private readonly courier: Courier;
  private readonly clock: ProbeClock;

  constructor(
    private readonly who: NativeIdentity,
    /** URLs of the ways to the servers */
    private readonly doors: readonly string[],
    private readonly random: Random,
    others: OtherOperations,
  ) {
    // an amnesiac is an honest one until it has lost its disk
    this.nature = who.nature === 'amnesiac' ? 'honest' : who.nature;
    this.clock = this.random.chance(0.2)
      ? { estimate: { offset_ms: null, error_ms: null, source: 'none', age_s: null }, skewMs: 90_000 }
      : { estimate: { offset_ms: 0.4, error_ms: 1.2, source: 'ntp', age_s: 8 }, skewMs: 0 };
    this.disk = this.emptyDisk();
    this.courier = new Courier(this.diary, random);
    this.liar = new Liar(who.id, this.diary, random.branch('lies'), others, this.clock);
  }

  start(): void {
    this.living = this.live();
  }

  /** What is due now is done. */
  tick(now: number): void {
    if (!this.isAsleep) this.disk.work(Math.min(now, this.restsFrom));
  }

  /** Leaves for good, in the middle of everything. */
  async leave(): Promise<void> {
    this.over = true;
    this.connection?.close();
    for (const connection of this.older) connection.close();
    await this.living;
  }

  /** Truthful from now on. */
  rest(at: number): void {
    this.restsFrom = at;
    this.deaf = 'no';
  }

  /** @returns when everything is delivered and it has what it should have */
  async settle(): Promise<void> {
    if (this.over) return;
    await until(
      `${this.who.id} to deliver what it keeps`,
      () => {
        // what it has just been given makes runs at the next tick
        this.disk.work(this.restsFrom);
        return this.disk.outbox.size === 0 && this.connection?.isLost === false && !this.isInDoubt;
      },
      SETTLED_MS,
    );
    await until('its older connections to be closed', () => this.older.size === 0, TAKEN_OVER_MS);
    await until(`${this.who.id} to say so`, async () => {
      const answer = await this.connection?.ask<{ server_time?: string }>('status', this.status());
      return answer?.server_time !== undefined;
    });
  }

  tell(): ProbeDiary {
    const { id, owner } = this.who;
    return {
      probe: id,
      owner,
      protocol: 'native',
      nature: this.nature,
      runs: this.diary.runs,
      operations: [...this.disk.operations.keys()],
      kept: this.over ? 0 : this.disk.outbox.size,
      connected: !this.over,
      complaints: this.diary.complaints,
      restsFrom: this.over ? 0 : this.restsFrom,
    };
  }

  private async live(): Promise<void> {
    while (!this.over) {
      const { connection } = this;
      if (connection?.isLost === false) {
        await this.act(connection);
        continue;
      }
      await delay(Math.max(this.silentUntil - Date.now(), this.random.whole(50, 900)));
      const opened = await this.connect();
      void opened?.ask('status', this.status());
    }
  }

  private async connect(): Promise<Connection | undefined> {
    try {
      return await Connection.open(this.random.pick(this.doors), this.who.token, {
        opened: (connection) => {
          this.begin(connection);
        },
        // only the newest connection says what is to be done
        sync: (message, over) => (over === this.connection ? this.heard(message) : undefined),
        stop: (operation, over) => (over === this.connection ? this.heardStop(operation) : undefined),
        reconnect: (afterMs, over) => {
          this.silentUntil = Date.now() + afterMs + this.random.whole(0, 500);
          over.close();
        },
      });
    } catch (error) {
      const code = error instanceof RefusedHandshake ? error.code : 'nobody there';
      if (!PASSING.includes(code)) this.diary.complaints.push(`its handshake was refused: ${code}`);
      return undefined;
    }
  }

  private begin(connection: Connection): void {
    const older = this.connection;
    if (older?.isLost === false) {
      this.older.add(older);
      void older.lost.then(() => this.older.delete(older));
    }
    void connection.lost.then(() => this.diary.complaints.push(...connection.complaints));
    this.connection = connection;
    this.connections += 1;
    this.isInDoubt = true;
    if (this.over) connection.close();
  }

  private heard({ operations, full, stopped }: SyncMessage): object | undefined {
    const { deaf } = this;
    this.deaf = 'no';
    if (deaf !== 'no') this.isInDoubt = true;
    if (deaf === 'deaf') return undefined;
    const refused = operations.filter(({ operation_id }) => this.refuses(operation_id));
    const accepted = operations.filter((operation) => !refused.includes(operation));
    this.disk.reconcile(accepted, full, stopped, this.now());
    if (deaf === 'hears') return undefined;
    if (full) this.isInDoubt = false;
    return {
      refused: refused.map(({ operation_id }) => ({ operation_id, reason: 'the host does not like it' })),
    };
  }

  private heardStop(operation: string): object | undefined {
    const { deaf } = this;
    this.deaf = 'no';
    if (deaf !== 'no') this.isInDoubt = true;
    if (deaf === 'deaf') return undefined;
    this.disk.drop(operation, this.now());
    return deaf === 'no' ? {} : undefined;
  }

  /** Once decided it stays so. */
  private refuses(operation: string): boolean {
    const decision = this.decided.get(operation) ?? (this.random.chance(0.03) && this.restsFrom === Infinity);
    this.decided.set(operation, decision);
    return decision;
  }

  private async act(connection: Connection): Promise<void> {
    if (this.restsFrom !== Infinity) return this.courier.deliver(connection, this.disk, false);
    const deed = this.random.weighted({
      deliver: 100,
      status: 4,
      leave: 2,
      'take over': 2,
      'not hear': 2,
      sleep: 1,
      forget: this.who.nature === 'amnesiac' ? 1 : 0,
      lie: this.nature === 'liar' ? 25 : 0,
    });
    switch (deed) {
      case 'deliver':
        return this.courier.deliver(connection, this.disk, true);
      case 'status':
        await connection.ask('status', this.status());
        return;
      case 'leave':
        connection.close();
        return;
      case 'take over':
        return this.takeOver(connection);
      case 'not hear':
        this.deaf = this.random.pick(['hears', 'deaf'] as const);
        return;
      case 'sleep':
        connection.close();
        this.isAsleep = true;
        await delay(this.random.whole(1_000, 8_000));
        this.isAsleep = false;
        return;
      case 'forget':
        connection.close();
        this.nature = 'amnesiac';
        this.decided.clear();
        this.disk = this.emptyDisk();
        return;
      case 'lie':
        await this.liar.lie(connection, this.disk.list);
        return delay(this.random.whole(100, 500));
    }
  }

  /** A second connection while the first one stands, and what is kept goes over both at once. */
  private async takeOver(older: Connection): Promise<void> {
    const newer = await this.connect();
    await this.courier.overAll(newer === undefined ? [older] : [older, newer], this.disk);
  }

  private status() {
    const { costs } = this.disk;
    return { backlog: this.disk.backlog(), running: 0, in_use_credits: costs, clock: this.clock.estimate };
  }

  private now(): number {
    return Math.min(Date.now(), this.restsFrom);
  }

  private emptyDisk(): Disk {
    this.disks += 1;
    const { disks } = this;
    return new Disk((operation, at, isMissed) => this.doRun(operation, at, isMissed, disks));
  }

  private doRun(operation: Operation, at: number, isMissed: boolean, disk: number): Item {
    if (isMissed) return failure(operation.operation_id, at, 'missed', this.clock);
    if (this.random.chance(0.08)) {
      return failure(operation.operation_id, at, this.random.pick(REASONS), this.clock);
    }
    const mark = `${this.who.id} ${operation.operation_id} ${at} ${disk}`;
    const bytes = this.random.chance(0.02) ? this.random.whole(20_000, 150_000) : this.random.whole(0, 200);
    return result(operation, at, this.clock, { mark, bytes });
  }
}
