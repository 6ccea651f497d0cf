import {
  detect,
  type DetectionResult,
  type StateKey,
  type States,
} from '../../src/derived/changes/detection.js';
import { type ProbeState } from '../../src/derived/changes/state.js';

class StatesInMemory implements States {
  private readonly states = new Map<string, string>();

  // text, as it is stored
  get(key: StateKey): ProbeState | undefined {
    const text = this.states.get(nameOf(key));
    return text === undefined ? undefined : (JSON.parse(text) as ProbeState);
  }

  put(key: StateKey, state: ProbeState): void {
    this.states.set(nameOf(key), JSON.stringify(state));
  }
}

function nameOf({ operation, probe, part }: StateKey): string {
  return `${operation.toHexString()} ${probe.toHexString()} ${part}`;
}

/**
 * What each probe has seen change, but for probes that are quiet.
 * @param results in the order of the tail
 */
export function replayChanges(results: readonly DetectionResult[]): string[] {
  const states = new StatesInMemory();
  return results.flatMap((result) =>
    detect(states, result, undefined).flatMap(({ change }) =>
      change.type === 'return'
        ? []
        : [sightingText(result, change.type, change.destination, new Date(change.since))],
    ),
  );
}

export function sightingText(
  { operation, probe }: { operation: unknown; probe: unknown },
  type: unknown,
  destination: unknown,
  since: Date,
): string {
  return [operation, probe, type, destination, since.toISOString()].map(String).join(' ');
}
