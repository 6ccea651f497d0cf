import { type StoredState } from './change-states.repository.js';
import { type StateKey, type States } from './detection.js';
import { type ProbeState } from './state.js';

interface Loaded {
  key: StateKey;
  state: ProbeState | undefined;
  quietFrom: Date | undefined;
  isChanged: boolean;
}

/** The states that a batch of results needs: read at once, and written at once. */
export class LoadedStates implements States {
  private readonly byName = new Map<string, Loaded>();

  static nameOf({ operation, probe, part }: StateKey): string {
    return `${operation.toHexString()}${probe.toHexString()}${part}`;
  }

  /** @returns each of them that is not here, once. They are here from now on */
  missing(keys: readonly StateKey[]): StateKey[] {
    return keys.filter((key) => {
      const name = LoadedStates.nameOf(key);
      if (this.byName.has(name)) return false;
      this.byName.set(name, { key, state: undefined, quietFrom: undefined, isChanged: false });
      return true;
    });
  }

  add(stored: readonly StoredState[]): void {
    for (const { key, state, quietFrom } of stored) {
      const parsed = JSON.parse(state) as ProbeState;
      this.byName.set(LoadedStates.nameOf(key), { key, state: parsed, quietFrom, isChanged: false });
    }
  }

  get(key: StateKey): ProbeState | undefined {
    return this.byName.get(LoadedStates.nameOf(key))?.state;
  }

  put(key: StateKey, state: ProbeState): void {
    const name = LoadedStates.nameOf(key);
    this.byName.set(name, { key, state, quietFrom: this.byName.get(name)?.quietFrom, isChanged: true });
  }

  /** @param quietFromOf what is to be stored beside the state */
  changed(
    quietFromOf: (loaded: {
      key: StateKey;
      state: ProbeState;
      quietFrom: Date | undefined;
    }) => Date | undefined,
  ): StoredState[] {
    return [...this.byName.values()].flatMap(({ key, state, quietFrom, isChanged }) =>
      isChanged && state !== undefined
        ? [{ key, state: JSON.stringify(state), quietFrom: quietFromOf({ key, state, quietFrom }) }]
        : [],
    );
  }
}
