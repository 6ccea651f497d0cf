import { IdTexts } from '../../platform/database/id-texts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
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
  private readonly texts = new IdTexts();
  /** of first parts, by the objects that name an operation and its probe: all their results share them */
  private readonly firstNames = new Map<ObjectId, Map<ObjectId, string>>();

  nameOf({ operation, probe, part }: StateKey): string {
    return part === 0
      ? this.firstNameOf(operation, probe)
      : `${this.texts.of(operation)}${this.texts.of(probe)}${part}`;
  }

  private firstNameOf(operation: ObjectId, probe: ObjectId): string {
    const names = this.firstNames.get(operation) ?? new Map<ObjectId, string>();
    const known = names.get(probe);
    if (known !== undefined) return known;
    const name = `${this.texts.of(operation)}${this.texts.of(probe)}0`;
    this.firstNames.set(operation, names.set(probe, name));
    return name;
  }

  /** @returns each of them that is not here, once. They are here from now on */
  missing(keys: readonly StateKey[]): StateKey[] {
    return keys.filter((key) => {
      const name = this.nameOf(key);
      if (this.byName.has(name)) return false;
      this.byName.set(name, { key, state: undefined, quietFrom: undefined, isChanged: false });
      return true;
    });
  }

  add(stored: readonly StoredState[]): void {
    for (const { key, state, quietFrom } of stored) {
      const parsed = JSON.parse(state) as ProbeState;
      this.byName.set(this.nameOf(key), { key, state: parsed, quietFrom, isChanged: false });
    }
  }

  get(key: StateKey): ProbeState | undefined {
    return this.byName.get(this.nameOf(key))?.state;
  }

  put(key: StateKey, state: ProbeState): void {
    const name = this.nameOf(key);
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
