import { Injectable } from '@nestjs/common';
import { IdTexts } from '../../platform/database/id-texts.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { OperationKinds } from '../../core/assignments/index.js';
import { type Gathering, type TailBatch } from '../../core/ingest/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { Cell, type Observation } from './cell.js';
import { FIGURES } from './figures.js';
import { MEMBERS, observationsOf, timeOf } from './observations.js';
import {
  idOf,
  type RollupCells,
  type RollupChange,
  type RollupKey,
  RollupsRepository,
} from './rollups.repository.js';

export const FIELDS = MEMBERS;
export type Field = (typeof MEMBERS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Names of cells. */
const HOURS = Array.from({ length: 24 }, (_, hour) => `h${hour}`);

/** Rollups that are read and written at once: more make a transaction that others wait for. */
const MOST_AT_ONCE = 2_000;

/** Of whichever generation holds when it is written. */
type Place = Omit<RollupKey, 'generation'>;

/** What was observed that belongs into one rollup, by hour. */
interface Observed {
  place: Place;
  kind: KindName;
  hours: Map<string, Observation[]>;
}

/** What is added to one rollup: packed cells, by hour. */
interface Additions {
  place: Place;
  kind: KindName;
  hours: Map<string, Buffer[]>;
}

/** Adds results to rollups. What comes of it depends on the results alone, and not on their order nor on how they are batched. */
@Injectable()
export class RollupWriter {
  private readonly cells = new Map<KindName, Cell>();

  constructor(
    private readonly repository: RollupsRepository,
    private readonly kinds: OperationKinds,
  ) {}

  /** Reads the rollups that the results belong to, and writes them, each once. @param generation absent: the one that holds */
  async add(
    results: TailBatch<Field>['results'],
    transaction: Transaction | undefined,
    generation?: number,
  ): Promise<void> {
    const gathering = this.gather();
    await gathering.add({ results });
    await gathering.write(transaction, generation);
  }

  /** Takes results of several batches, of which each rollup is read and written once. */
  gather(): RollupGathering {
    return new RollupGathering(this.repository, this.kinds, (kind) => this.cellOf(kind));
  }

  private cellOf(kind: KindName): Cell {
    const known = this.cells.get(kind);
    if (known !== undefined) return known;
    const cell = new Cell(FIGURES[kind]);
    this.cells.set(kind, cell);
    return cell;
  }
}

/** What some batches add to rollups, added up as they come. */
class RollupGathering implements Gathering<Field> {
  /** by name: those of each probe, and those of all together */
  private readonly additions = new Map<string, Additions>();

  /** @param cellOf a cell of a kind, which is used by others in turn */
  constructor(
    private readonly repository: RollupsRepository,
    private readonly kinds: OperationKinds,
    private readonly cellOf: (kind: KindName) => Cell,
  ) {}

  get isFull(): boolean {
    return this.additions.size >= MOST_AT_ONCE;
  }

  async add({ results }: Pick<TailBatch<Field>, 'results'>): Promise<void> {
    const texts = new IdTexts();
    const kinds = await this.kinds.of(
      distinct(results.map(({ result }) => [texts.of(result.operation), result.operation])),
    );
    for (const { place, kind, hours } of sorted(results, kinds, texts)) {
      const [own, all] = [place, { ...place, probe: null }].map((each) =>
        this.additionsTo(nameOf(each, texts), each, kind),
      ) as [Additions, Additions];
      for (const [hour, observations] of hours) {
        const cell = this.cellOf(kind).reset();
        for (const observation of observations) cell.add(observation);
        const packed = cell.pack();
        push(own.hours, hour, packed);
        push(all.hours, hour, packed);
      }
    }
  }

  /** @param generation absent: the one that holds */
  async write(transaction: Transaction | undefined, generation?: number): Promise<void> {
    if (this.additions.size === 0) return;
    const all = [...this.additions.values()];
    const operations = distinct(all.map(({ place }) => [place.operation.toHexString(), place.operation]));
    const generations =
      generation === undefined ? await this.repository.generationsOf(operations, transaction) : undefined;
    const keyed = all.map((each) => {
      const own = generation ?? generations?.get(each.place.operation.toHexString()) ?? 0;
      return { ...each, key: { ...each.place, generation: own } };
    });
    const hours = new Set(all.flatMap((each) => [...each.hours.keys()]));
    const before = await this.repository.findCells(
      keyed.map(({ key }) => key),
      [...hours],
      transaction,
    );
    const changes = keyed.map((each) => this.changed(each, before.get(idOf(each.key))));
    await this.repository.write(changes, transaction);
  }

  private additionsTo(name: string, place: Place, kind: KindName): Additions {
    const known = this.additions.get(name);
    if (known !== undefined) return known;
    const additions = { place, kind, hours: new Map<string, Buffer[]>() };
    this.additions.set(name, additions);
    return additions;
  }

  private changed(
    { key, kind, hours }: Additions & { key: RollupKey },
    before: RollupCells | undefined,
  ): RollupChange {
    const cells = [...hours].map(([hour, list]) => [hour, this.sumOf(kind, before?.hours[hour], list)]);
    const total = this.sumOf(kind, before?.total, [...hours.values()].flat());
    return { key, hours: Object.fromEntries(cells) as Record<string, Buffer>, total };
  }

  private sumOf(kind: KindName, before: Buffer | undefined, added: readonly Buffer[]): Buffer {
    return this.cellOf(kind).sumOf(before === undefined ? added : [before, ...added]);
  }
}

/** @returns of each probe, day and destination of an operation */
function sorted(
  results: TailBatch<Field>['results'],
  kinds: ReadonlyMap<string, KindName>,
  texts: IdTexts,
): Observed[] {
  const all = new Map<string, Observed>();
  for (const { result } of results) {
    const { operation, probe } = result;
    const kind = kinds.get(texts.of(operation));
    if (kind === undefined) continue; // the operation is gone
    const time = timeOf(result).getTime();
    const day = new Date(Math.floor(time / DAY_MS) * DAY_MS);
    const hour = HOURS[Math.floor((time - day.getTime()) / HOUR_MS)] ?? '';
    for (const observation of observationsOf(result)) {
      const place = { operation, probe, day, destination: observation.destination };
      const name = nameOf(place, texts);
      let observed = all.get(name);
      if (observed === undefined) all.set(name, (observed = { place, kind, hours: new Map() }));
      push(observed.hours, hour, observation);
    }
  }
  return [...all.values()];
}

/** @returns what tells one rollup from all others. The destination stands last: it may be any text */
function nameOf({ operation, probe, day, destination }: Place, texts: IdTexts): string {
  const ids = `${texts.of(operation)} ${probe === null ? 'all' : texts.of(probe)}`;
  return `${ids} ${day.getTime()} ${destination === null ? 'none' : `"${destination}`}`;
}

function distinct<T>(named: readonly (readonly [string, T])[]): T[] {
  return [...new Map(named).values()];
}

function push<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
