import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type ResultMessage } from '../../support/classic-factories.js';
import { FieldedProbe } from '../../support/classic-probe.js';
import { until } from '../../support/until.js';
import { type ProbeDiary } from '../audit/evidence.js';
import { type Random } from '../random.js';
import { Diary, digestOf } from './diary.js';
import { result } from './measure.js';

const ANSWER_MS = 15_000;
const SETTLED_MS = 120_000;
/** Fielded probes measure when their crontab says so; these do it more often, which the server cannot know. */
const EVERY_MS = 3_000;
const CLOCK = {
  estimate: { offset_ms: null, error_ms: null, source: 'none' as const, age_s: null },
  skewMs: 0,
};

/** A probe in the field, which speaks the classic protocol: jobs come once, results carry a code of its own. */
export class ClassicChaosProbe {
  readonly diary = new Diary();
  connections = 0;
  private readonly jobs = new Map<string, { kind: string; times: number }>();
  private readonly kept = new Set<ResultMessage>();
  private socket: FieldedProbe | undefined;
  private taken = 0;
  private codes = 0;
  private lastRun = 0;
  private over = false;
  private restsFrom = Infinity;
  private living: Promise<void> = Promise.resolve();

  constructor(
    private readonly who: { id: string; token: string; owner: string },
    private readonly doors: readonly string[],
    private readonly random: Random,
  ) {}

  start(): void {
    this.living = this.live();
  }

  tick(now: number): void {
    this.takeJobs();
    if (now >= this.restsFrom || now - this.lastRun < EVERY_MS) return;
    this.lastRun = now;
    for (const [operation, { kind }] of this.jobs) this.kept.add(this.measure(operation, kind));
  }

  rest(at: number): void {
    this.restsFrom = at;
  }

  async settle(): Promise<void> {
    await until(
      `the classic probe ${this.who.id} to deliver what it keeps`,
      () => this.kept.size === 0 && this.socket?.socket.connected === true,
      SETTLED_MS,
    );
  }

  async leave(): Promise<void> {
    this.over = true;
    this.socket?.close();
    await this.living;
  }

  tell(): ProbeDiary {
    const twice = [...this.jobs].filter(([, { times }]) => times > 1);
    return {
      probe: this.who.id,
      owner: this.who.owner,
      protocol: 'classic',
      nature: 'honest',
      runs: this.diary.runs,
      operations: [...this.jobs.keys()],
      kept: this.kept.size,
      connected: !this.over,
      complaints: [
        ...this.diary.complaints,
        ...twice.map(([id, { times }]) => `${id} was sent ${times} times`),
      ],
      restsFrom: this.restsFrom,
    };
  }

  private async live(): Promise<void> {
    while (!this.over) {
      const socket = new FieldedProbe(this.random.pick(this.doors), this.who.token);
      this.taken = 0;
      this.socket = socket;
      try {
        await Promise.race([socket.connected(), delay(8_000).then(() => Promise.reject(new Error('late')))]);
        this.connections += 1;
        await this.serve(socket);
      } catch {
        // nobody there, or nobody who can look at the token now
      }
      this.takeJobs();
      socket.close();
      await delay(this.random.whole(100, 1_500));
    }
  }

  private async serve(socket: FieldedProbe): Promise<void> {
    while (socket.socket.connected && !this.over) await this.act(socket);
  }

  private async act(socket: FieldedProbe): Promise<void> {
    const files = this.random.sample([...this.kept], this.random.whole(1, 10));
    const again = this.random.chance(0.2) && files[0] !== undefined ? [...files, files[0]] : files;
    await Promise.all(again.map((file) => this.deliver(socket, file)));
    if (this.restsFrom === Infinity && this.random.chance(0.02)) socket.close();
    await delay(this.random.whole(100, 600));
  }

  private async deliver(socket: FieldedProbe, file: ResultMessage): Promise<void> {
    const digest = digestOf(Buffer.from(file.content));
    const note = this.diary.sending(file.operation_id, file.unique_code, 'stored', digest);
    const answer = await Promise.race([
      socket.deliver(file),
      new Promise<undefined>((resolve) => {
        socket.socket.once('disconnect', () => {
          resolve(undefined);
        });
      }),
      delay(ANSWER_MS, undefined),
    ]);
    if (answer?.[0] !== file.operation_id) return;
    // the contract does not say whether it was stored before; at the second copy of a file it was
    note('duplicate');
    this.kept.delete(file);
  }

  /** A job is acknowledged at once, and must not come again. */
  private takeJobs(): void {
    const received = this.socket?.received ?? [];
    for (const { job, event } of received.slice(this.taken)) {
      const known = this.jobs.get(job._id);
      this.jobs.set(job._id, { kind: event, times: (known?.times ?? 0) + 1 });
    }
    this.taken = received.length;
  }

  private measure(operation: string, kind: string): ResultMessage {
    this.codes += 1;
    const mark = `${this.who.id}-${this.codes}`;
    if (kind === 'dns') {
      const content = gzipSync(`; <<>> DiG <<>> example.org\n; ${mark}\n`);
      return { operation_id: operation, content, unique_code: mark, format: 'gzip' };
    }
    const { content } = result({ operation_id: operation, kind }, Date.now(), CLOCK, { mark });
    return { operation_id: operation, content, unique_code: mark, format: 'warts' };
  }
}
