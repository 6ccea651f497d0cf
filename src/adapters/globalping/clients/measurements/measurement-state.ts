import { type ShareEntity } from '../../../../core/shares/index.js';
import { type TestResult } from '../../../../measurement/globalping/results.js';
import { BuiltDocument } from './built-document.js';

/** A result may be on its way to the database when the time is over. */
const GRACE_MS = 1_500;
/** What is kept of the output of a test that is under way. */
const MOST_OUTPUT = 64 * 1024;

const AWAY: TestResult = {
  status: 'offline',
  rawOutput: 'This probe is currently offline. Please try again later.',
};

interface Test {
  /** JSON text */
  text: string;
  isOver: boolean;
  /** what it has put out so far */
  output: { rawOutput: string; rawHeaders?: string; rawBody?: string };
}

/** A measurement in memory: what each of its tests has brought so far. */
export class MeasurementState {
  private readonly tests: Test[];
  private readonly places: ReadonlyMap<string, number>;
  private document: BuiltDocument | undefined;
  private updatedAt: Date;
  private open: number;

  constructor(readonly share: ShareEntity) {
    this.updatedAt = share.created_at;
    this.places = new Map(share.probes.map(({ probe }, place) => [probe.toHexString(), place]));
    this.tests = share.probes.map(({ absent }) => ({
      text: JSON.stringify(absent === true ? AWAY : this.begun()),
      isOver: absent === true,
      output: { rawOutput: '' },
    }));
    this.open = this.tests.filter(({ isOver }) => !isOver).length;
  }

  get isOver(): boolean {
    return this.open === 0;
  }

  /** @returns whether a result of this probe is still awaited */
  awaits(probe: string): boolean {
    const place = this.places.get(probe);
    return place !== undefined && this.tests[place]?.isOver === false;
  }

  isOverdue(now: Date): boolean {
    return !this.isOver && now.getTime() > this.share.deadline.getTime() + GRACE_MS;
  }

  /** @param at when the server got it; what came after the end does not count */
  end(probe: string, result: TestResult, at: Date): void {
    const place = this.places.get(probe);
    const test = place === undefined ? undefined : this.tests[place];
    if (test === undefined || test.isOver || at > this.share.deadline) return;
    this.conclude(test, result, at);
  }

  /** Output of a test that is under way. */
  progress(
    probe: string,
    result: { rawOutput: string; rawHeaders?: string | undefined; rawBody?: string | undefined },
    overwrite: boolean,
    at: Date,
  ): void {
    const place = this.places.get(probe);
    const test = place === undefined ? undefined : this.tests[place];
    if (test === undefined || test.isOver) return;
    for (const name of ['rawOutput', 'rawHeaders', 'rawBody'] as const) {
      const more = result[name];
      if (more === undefined) continue;
      const before = overwrite ? '' : (test.output[name] ?? '');
      test.output[name] = `${before}${more}`.slice(0, MOST_OUTPUT);
    }
    test.text = JSON.stringify({ ...this.begun(), ...test.output });
    this.changed(at);
  }

  /** The time of the tests is over: those without a result have failed. */
  endAll(): void {
    const { deadline, created_at } = this.share;
    const seconds = Math.round((deadline.getTime() - created_at.getTime()) / 1000);
    for (const test of this.tests.filter(({ isOver }) => !isOver)) {
      const { rawOutput } = test.output;
      const line = `The measurement timed out: no result came within ${seconds} s.`;
      const text = rawOutput === '' ? line : `${rawOutput}\n\n${line}`;
      const failed = { ...test.output, rawOutput: text };
      this.conclude(test, { status: 'failed', failureSource: 'internal', ...failed }, deadline);
    }
  }

  /** @returns the document as it is now: made once a change */
  built(): BuiltDocument {
    this.document ??= this.build();
    return this.document;
  }

  private begun(): TestResult {
    const more = this.share.asked['type'] === 'http' ? { rawHeaders: '', rawBody: '' } : {};
    return { status: 'in-progress', rawOutput: '', ...more };
  }

  private conclude(test: Test, result: TestResult, at: Date): void {
    test.text = JSON.stringify(result);
    test.isOver = true;
    test.output = { rawOutput: '' };
    this.open -= 1;
    this.changed(at);
  }

  private changed(at: Date): void {
    if (at > this.updatedAt) this.updatedAt = at;
    this.document = undefined;
  }

  private build(): BuiltDocument {
    const { _id, asked, created_at, probes } = this.share;
    const { type, target, ...more } = asked;
    const head = JSON.stringify({
      id: _id,
      type,
      status: this.isOver ? 'finished' : 'in-progress',
      createdAt: created_at.toISOString(),
      updatedAt: this.updatedAt.toISOString(),
      target,
      probesCount: probes.length,
      ...more,
    });
    const results = this.tests.map(
      ({ text }, place) => `{"probe":${JSON.stringify(probes[place]?.shown)},"result":${text}}`,
    );
    return new BuiltDocument(`${head.slice(0, -1)},"results":[${results.join(',')}]}`, this.isOver);
  }
}
