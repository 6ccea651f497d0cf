import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { occurrences } from '../../../probe/src/schedule/schedule.js';
import { type Operation, PROTOCOL } from '../../../probe/src/protocol/protocol.js';
import { type Answer } from '../audit/evidence.js';
import { type Random } from '../random.js';
import { type Connection } from './connection.js';
import { type Diary, outcomeOf } from './diary.js';
import { failure, type ProbeClock, result } from './measure.js';

/** Operations of the platform that this probe is not assigned to. */
export type OtherOperations = (probe: string) => string[];

/** What a lie is noted as: where it claims to belong, and what may become of it. */
interface Lie {
  message: unknown;
  operation: string;
  code: string;
  outcome: 'stored' | 'failed';
  digest: string;
  fate: 'storable' | 'forbidden';
}

const LIES = {
  'not assigned': 3,
  'unknown operation': 1,
  'off schedule': 2,
  'too early': 4,
  'far too early': 2,
  'wrong format': 3,
  'stopped operation': 3,
  'failed of no run': 2,
  'other bytes': 3,
  'failed after all': 2,
  'bad item': 3,
  'bad batch': 2,
  'bad status': 3,
};

/** Sends what no probe should, and notes the truth about it. */
export class Liar {
  private told = 0;
  /** every operation that it ever had, which may be stopped by now */
  private readonly had = new Map<string, Operation>();

  constructor(
    private readonly probe: string,
    private readonly diary: Diary,
    private readonly random: Random,
    private readonly others: OtherOperations,
    private readonly clock: ProbeClock,
  ) {}

  /** @param own operations that it has */
  async lie(connection: Connection, own: readonly Operation[]): Promise<void> {
    this.told += 1;
    for (const operation of own) this.had.set(operation.operation_id, operation);
    const kind = this.random.weighted(LIES);
    if (kind === 'bad status') {
      await connection.ask('status', this.badStatus(own));
    } else if (kind === 'bad batch') {
      await this.sendBadBatch(connection);
    } else {
      const lies = Array.from({ length: this.random.whole(1, 3) }, () => this.invent(kind, own));
      await this.send(
        connection,
        lies.filter((each) => each !== undefined),
      );
    }
    await delay(this.random.whole(0, 50));
  }

  private invent(kind: keyof typeof LIES, own: readonly Operation[]): Lie | undefined {
    const operation = own.length > 0 ? this.random.pick(own) : undefined;
    switch (kind) {
      case 'not assigned': {
        const others = this.others(this.probe);
        return others.length === 0
          ? undefined
          : this.resultFor(this.random.pick(others), Date.now(), 'forbidden');
      }
      case 'unknown operation':
        return this.resultFor(randomBytes(12).toString('hex'), Date.now(), 'forbidden');
      case 'off schedule':
        return operation && this.resultFor(operation, this.offSchedule(operation), 'storable');
      case 'too early':
        return operation && this.before(operation, Date.now());
      case 'far too early':
        return operation && this.before(operation, Date.now() + this.random.whole(5_000, 90_000));
      case 'stopped operation': {
        const gone = [...this.had.values()].filter((each) => !own.includes(each));
        return gone.length === 0 ? undefined : this.ofOneThatIsGone(this.random.pick(gone));
      }
      case 'failed of no run':
        return (
          operation &&
          lieOf(
            failure(operation.operation_id, this.offSchedule(operation), 'timeout', this.clock),
            'storable',
          )
        );
      case 'wrong format':
        return operation && this.inWrongFormat(operation);
      case 'other bytes':
      case 'failed after all':
        return this.contradict(kind);
      case 'bad item':
        return operation && this.badItem(operation);
      default:
        return undefined;
    }
  }

  /** A result of the next run after a time. */
  private before(operation: Operation, time: number): Lie | undefined {
    const next = occurrences(operation.schedule).nextAfter(time);
    return next ? this.resultFor(operation, next, 'storable') : undefined;
  }

  /** Says something else of a run that it has sent before. */
  private contradict(kind: 'other bytes' | 'failed after all'): Lie | undefined {
    const { runs } = this.diary;
    const honest = runs.slice(-50).filter(({ versions }) => versions.every(({ forbidden }) => !forbidden));
    if (honest.length === 0) return undefined;
    const { operation, code } = this.random.pick(honest);
    const at = Date.parse(code);
    if (kind === 'other bytes') return this.resultFor(operation, at, 'storable');
    return lieOf(failure(operation, at, 'given_up', this.clock), 'storable');
  }

  private resultFor(operation: Operation | string, at: number, fate: Lie['fate']): Lie {
    const named = typeof operation === 'string' ? { operation_id: operation, kind: 'dns' } : operation;
    return lieOf(result(named, at, this.clock, { mark: `lie ${this.told} ${this.probe} ${at}` }), fate);
  }

  /** A run that would have come after the stop, or one that it left out. */
  private ofOneThatIsGone(operation: Operation): Lie | undefined {
    const from = Date.now() + this.random.whole(-30_000, 60_000);
    const run = occurrences(operation.schedule).nextAfter(from);
    return run === null ? undefined : this.resultFor(operation, run, 'storable');
  }

  private inWrongFormat(operation: Operation): Lie {
    const at = occurrences(operation.schedule).nextAfter(Date.now() - 20_000) ?? Date.now();
    const good = this.resultFor(operation, at, 'forbidden');
    const { format } = good.message as { format: string };
    const wrong = this.random.pick(['warts', 'dns', 'http', 'tls', 'ntp'].filter((each) => each !== format));
    return { ...good, message: { ...(good.message as object), format: wrong } };
  }

  private badItem(operation: Operation): Lie {
    const good = this.resultFor(operation, this.offSchedule(operation), 'forbidden');
    const spoilt = this.random.pick([
      { duration_ms: -1 },
      { duration_ms: undefined },
      { scheduled_at: 'yesterday' },
      { content: 'text' },
      { format: 'nonsense' },
      { clock: { offset_ms: 1e300, error_ms: -5, source: 'sundial', age_s: null } },
      { operation_id: { $gt: '' } },
    ]);
    return { ...good, message: { ...(good.message as object), ...spoilt } };
  }

  private offSchedule({ schedule }: Operation): number {
    const near = occurrences(schedule).nextAfter(Date.now() - 20_000) ?? Date.now();
    return near + this.random.whole(1, 499);
  }

  private async send(connection: Connection, lies: readonly Lie[]): Promise<void> {
    for (const outcome of ['stored', 'failed'] as const) {
      const some = lies.filter((lie) => lie.outcome === outcome);
      if (some.length === 0) continue;
      const noted = this.note(some);
      const messages = some.map(({ message }) => message);
      const answer = await connection.ask(outcome === 'stored' ? 'results' : 'failed', messages);
      if (answer === undefined || 'error' in answer) continue;
      for (const [index, { status }] of answer.items.entries()) {
        noted[index]?.(status as Answer);
        if (some[index]?.fate === 'forbidden' && status !== 'refused' && status !== 'busy')
          this.diary.complaints.push(`a lie was answered with ${status}`);
      }
    }
  }

  /** Nothing of it may have an effect. */
  private async sendBadBatch(connection: Connection): Promise<void> {
    const lies = Array.from({ length: PROTOCOL.maxBatchItems + 1 }, (_, index) =>
      this.resultFor(randomBytes(12).toString('hex'), Date.now() + index, 'forbidden'),
    );
    const noted = this.note(lies);
    const messages = lies.map(({ message }) => message);
    const answer = await connection.ask(
      'results',
      this.random.chance(0.5) ? messages : { items: messages.slice(0, 3) },
    );
    if (answer === undefined) return;
    if (!('error' in answer)) this.diary.complaints.push('a bad batch was taken');
    for (const note of noted) note('refused');
  }

  private badStatus(own: readonly Operation[]): unknown {
    const backlog = {
      results: this.random.whole(0, 5_000),
      bytes: this.random.whole(0, 1e9),
      by_operation: Object.fromEntries(
        own.map(({ operation_id }) => [operation_id, this.random.whole(0, 2_000)] as const),
      ),
    };
    const clock = { offset_ms: this.random.whole(-1e9, 1e9), error_ms: 1, source: 'ntp', age_s: 1 };
    return this.random.pick<unknown>([
      { backlog, running: this.random.whole(0, 50), in_use_credits: 0, clock },
      { backlog: { results: 1e9, bytes: 0 }, running: 1e6, in_use_credits: 1e9, clock },
      { backlog: 'all of it' },
      null,
    ]);
  }

  private note(lies: readonly Lie[]): ((answer: Answer) => void)[] {
    return lies.map(({ operation, code, outcome, digest, fate }) =>
      this.diary.sending(operation, code, outcome, digest, fate),
    );
  }
}

function lieOf(item: ReturnType<typeof result> | ReturnType<typeof failure>, fate: Lie['fate']): Lie {
  return {
    message: item,
    operation: item.operation_id,
    code: item.scheduled_at,
    ...outcomeOf(item),
    fate,
  };
}
