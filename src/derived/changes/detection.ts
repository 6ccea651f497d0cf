import { type ResultEntity } from '../../core/ingest/index.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Observation, observationOf } from './rules/observation.js';
import { observeSeries, type SeriesChange } from './rules/series.js';
import { type DueRuns, isHeardLately, quietAfter } from './quiet.js';
import { hashOf, partOf, partsFor, type ProbeState } from './state.js';

/** What of a result is looked at. */
export const DETECTION_FIELDS = ['outcome', 'received_at', 'scheduled_at', 'summary'] as const;
export type DetectionResult = Pick<
  ResultEntity,
  '_id' | 'operation' | 'probe' | (typeof DETECTION_FIELDS)[number]
>;

/** A probe was not heard of for so long that it may have been quiet, and has come back. */
export interface Return {
  type: 'return';
  heard: number;
}

/** What a result shows to have changed, seen by its probe. */
export interface Noticed {
  result: DetectionResult;
  change: SeriesChange | Return;
}

/** Names a document of states. */
export interface StateKey {
  operation: ObjectId;
  probe: ObjectId;
  part: number;
}

/** The states of the probes and operations of some results, in memory. */
export interface States {
  get(key: StateKey): ProbeState | undefined;
  /** it was made or changed */
  put(key: StateKey, state: ProbeState): void;
}

/** Takes in one result. @param runs of its assignment; undefined: nobody knows, or there is a single one */
export function detect(states: States, result: DetectionResult, runs: DueRuns | undefined): Noticed[] {
  const { operation, probe, received_at } = result;
  const key = { operation, probe, part: 0 };
  const first = states.get(key) ?? {};
  const back = returnOf(first, received_at.getTime(), runs);
  first.heard = Math.max(first.heard ?? 0, received_at.getTime());
  const found = observationsIn(result);
  if (found.length > 0) first.parts ??= partsFor(result.summary?.length ?? 0);
  states.put(key, first);
  const noticed: Noticed[] = back ? [{ result, change: back }] : [];
  for (const each of found)
    for (const change of observed(states, key, first, each, result)) noticed.push({ result, change });
  return noticed;
}

function returnOf({ heard }: ProbeState, now: number, runs: DueRuns | undefined): Return | undefined {
  if (heard === undefined || runs === undefined || isHeardLately(heard, now)) return undefined;
  const quiet = quietAfter(heard, runs);
  return quiet !== undefined && now >= quiet ? { type: 'return', heard } : undefined;
}

function observationsIn({ summary = [] }: DetectionResult): Observation[] {
  const all: Observation[] = [];
  for (const entry of summary) {
    const found = observationOf(entry);
    if (found !== undefined) all.push(found);
  }
  return all;
}

function observed(
  states: States,
  firstKey: StateKey,
  first: ProbeState,
  found: Observation,
  result: DetectionResult,
): SeriesChange[] {
  const hash = hashOf(found.destination);
  const part = partOf(hash, first.parts ?? 1);
  const key = part === 0 ? firstKey : { ...firstKey, part };
  const state = part === 0 ? first : (states.get(key) ?? {});
  const series = ((state.series ??= {})[hash] ??= {});
  const changes = observeSeries(series, found, {
    time: timeOf(result),
    result: result._id.toHexString(),
  });
  if (part !== 0) states.put(key, state);
  return changes;
}

/** When the run was due; a probe whose clock is ahead is not believed to measure in the future. */
function timeOf({ scheduled_at, received_at }: DetectionResult): number {
  return Math.min(scheduled_at?.getTime() ?? Infinity, received_at.getTime());
}

/** @returns the documents that a result of so many entries may need beside the first */
export function keysBehind(result: DetectionResult, parts: number): StateKey[] {
  const { operation, probe } = result;
  if (parts === 1) return [];
  const needed = new Set(observationsIn(result).map(({ destination }) => partOf(hashOf(destination), parts)));
  return [...needed].filter((part) => part > 0).map((part) => ({ operation, probe, part }));
}
