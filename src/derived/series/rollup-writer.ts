import { Injectable } from '@nestjs/common';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { OperationKinds } from '../../core/assignments/index.js';
import { type TailBatch } from '../../core/ingest/index.js';
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

/** What was observed that belongs into one rollup, by hour. */
interface Observed {
  key: RollupKey;
  kind: KindName;
  hours: Map<string, Observation[]>;
}

/** What is added to one rollup: packed cells, by hour. */
interface Additions {
  key: RollupKey;
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
    const operations = [
      ...new Map(results.map(({ result: { operation } }) => [operation.toHexString(), operation])).values(),
    ];
    const kinds = await this.kinds.of(operations);
    const generations =
      generation === undefined ? await this.repository.generationsOf(operations, transaction) : undefined;
    const observed = sorted(results, kinds, (id) => generation ?? generations?.get(id) ?? 0);
    if (observed.length === 0) return;
    const additions = this.additionsOf(observed);
    const keys = [...additions.values()].map(({ key }) => key);
    const hours = new Set(observed.flatMap((each) => [...each.hours.keys()]));
    const before = await this.repository.findCells(keys, [...hours], transaction);
    const changes = [...additions].map(([id, each]) => this.changed(each, before.get(id)));
    await this.repository.write(changes, transaction);
  }

  /** By the id of the rollup: of each probe, and of all together. What was observed is looked at once. */
  private additionsOf(observed: readonly Observed[]): Map<string, Additions> {
    const all = new Map<string, Additions>();
    for (const { key, kind, hours } of observed)
      for (const [hour, observations] of hours) {
        const cell = this.cellOf(kind).reset();
        for (const observation of observations) cell.add(observation);
        const packed = cell.pack();
        for (const each of [key, { ...key, probe: null }]) {
          const id = idOf(each);
          const additions = all.get(id) ?? { key: each, kind, hours: new Map<string, Buffer[]>() };
          all.set(id, additions);
          push(additions.hours, hour, packed);
        }
      }
    return all;
  }

  private changed({ key, kind, hours }: Additions, before: RollupCells | undefined): RollupChange {
    const cells = [...hours].map(([hour, list]) => [hour, this.sumOf(kind, before?.hours[hour], list)]);
    const total = this.sumOf(kind, before?.total, [...hours.values()].flat());
    return { key, hours: Object.fromEntries(cells) as Record<string, Buffer>, total };
  }

  private sumOf(kind: KindName, before: Buffer | undefined, added: readonly Buffer[]): Buffer {
    return this.cellOf(kind).sumOf(before === undefined ? added : [before, ...added]);
  }

  private cellOf(kind: KindName): Cell {
    const known = this.cells.get(kind);
    if (known !== undefined) return known;
    const cell = new Cell(FIGURES[kind]);
    this.cells.set(kind, cell);
    return cell;
  }
}

/** @returns of each probe, day and destination of an operation */
function sorted(
  results: TailBatch<Field>['results'],
  kinds: ReadonlyMap<string, KindName>,
  generationOf: (operation: string) => number,
): Observed[] {
  const all = new Map<string, Observed>();
  for (const { result } of results) {
    const { operation, probe } = result;
    const [operationId, probeId] = [operation.toHexString(), probe.toHexString()];
    const kind = kinds.get(operationId);
    if (kind === undefined) continue; // the operation is gone
    const generation = generationOf(operationId);
    const time = timeOf(result).getTime();
    const begin = Math.floor(time / DAY_MS) * DAY_MS;
    const hour = `h${Math.floor((time - begin) / HOUR_MS)}`;
    for (const { destination, ...observation } of observationsOf(result)) {
      const name = JSON.stringify([operationId, probeId, begin, destination]);
      const key = { operation, generation, probe, day: new Date(begin), destination };
      const observed = all.get(name) ?? { key, kind, hours: new Map<string, Observation[]>() };
      all.set(name, observed);
      push(observed.hours, hour, observation);
    }
  }
  return [...all.values()];
}

function push<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
