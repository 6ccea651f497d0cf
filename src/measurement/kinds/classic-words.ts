import { crontabLine, NO_CRONTAB_LINE } from '../schedule/crontab-line.js';
import { type Schedule } from '../schedule/schedule.js';
import { isKindName, KIND_NAMES, type KindName, KINDS } from './index.js';
import { InvalidParamsError } from '../params/invalid-params.error.js';

/** What every fielded probe can do. */
export const CLASSIC_KIND_NAMES: readonly KindName[] = KIND_NAMES.filter(
  (name) => KINDS[name].classicParams !== undefined,
);

/** A job as far as it can be said in the words of the classic contract. */
export interface Worded {
  params: Record<string, unknown>;
  /** with a cron expression that comes through the probe's readers as it is */
  schedule: Extract<Schedule, { type: 'cron' }>;
}

/** @returns why a classic probe cannot be told this cron expression: the end of a sentence; undefined: it can */
export function whyNoCrontab(schedule: Schedule): string | undefined {
  const isTold = schedule.type !== 'cron' || crontabLine(schedule.cron) !== undefined;
  return isTold ? undefined : NO_CRONTAB_LINE;
}

/** @returns what a classic probe would be told; a text: why it cannot be told */
export function inClassicWords(job: {
  kind: string;
  params: Record<string, unknown>;
  schedule: Schedule;
}): Worded | string {
  if (job.schedule.type !== 'cron') return 'a classic probe knows cron schedules only';
  const cron = crontabLine(job.schedule.cron);
  if (cron === undefined) return `cron ${NO_CRONTAB_LINE}`;
  const kind = isKindName(job.kind) ? KINDS[job.kind] : undefined;
  if (kind?.classicParams === undefined) return `a classic probe does not know ${job.kind}`;
  try {
    const { wire } = kind.check(job.params, 'ignore');
    // one that was left out would change what is measured
    const unknown = Object.keys(job.params).find((name) => !Object.hasOwn(wire, name));
    if (unknown !== undefined) return `a classic probe does not know params.${unknown}`;
    return { params: wire, schedule: { ...job.schedule, cron } };
  } catch (error) {
    if (error instanceof InvalidParamsError) return `a classic probe does not know this: ${error.message}`;
    throw error;
  }
}
