import { unpackRtts } from '../../measurement/formats/rtts.js';
import { type Summary } from '../../measurement/formats/summary.js';
import { type ResultEntity, rawBytes } from '../../core/ingest/index.js';
import { type Observation } from './cell.js';

/** Members of results that figures are made of. */
export const MEMBERS = [
  'outcome',
  'received_at',
  'scheduled_at',
  'off_schedule',
  'uncounted',
  'summary',
  'rtts',
] as const;
type Result = Pick<ResultEntity, (typeof MEMBERS)[number]>;

/** Members of entries that say what was asked for, and, where a probe does not say it, what was measured. */
const TOLD_BY = ['destination', 'name', 'url', 'dst', 'address'] as const;

export interface PlacedObservation extends Observation {
  /** as it was asked for; null: the result does not tell */
  destination: string | null;
}

/** The time that the figures of a result are laid to: when its run was due, or, where it names none, when it came. */
export function timeOf({ scheduled_at, received_at }: Pick<Result, 'scheduled_at' | 'received_at'>): Date {
  return scheduled_at ?? received_at;
}

/** @returns what a result brought of each destination; nothing where it is of no run (docs/protocol.md, "What counts") */
export function observationsOf(result: Result): PlacedObservation[] {
  const { summary = [], rtts } = result;
  if (!isOfRun(result)) return [];
  const rttsOf = rtts === undefined ? [] : unpackRtts(rawBytes(rtts), summary);
  return summary.map((entry, index) => ({
    destination: destinationOf(entry),
    entry,
    rtts: rttsOf[index],
  }));
}

/** As the account of runs has it: one that is named is one whether or not it was asked for, one that is not where it counts. */
function isOfRun({ outcome, off_schedule, scheduled_at, uncounted }: Result): boolean {
  if (outcome !== 'stored' || off_schedule === true) return false;
  return scheduled_at !== undefined || uncounted !== true;
}

function destinationOf(entry: Summary): string | null {
  for (const member of TOLD_BY) {
    const told = entry[member];
    if (typeof told === 'string') return told;
  }
  return null;
}
