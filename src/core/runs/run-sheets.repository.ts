import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { updateTogether } from '../../platform/database/updates.js';
import { type PackedSheet, packedSheets } from './packed-sheets.js';
import { RUN_SHEET_MODEL, type RunSheetEntity, RUNS_PER_SHEET, RUNS_PER_WORD } from './run-sheet.schema.js';

/** A run of an assignment that came, or failed for a reason. */
export interface RunMark {
  operation: ObjectId;
  probe: ObjectId;
  /** its number: run-numbers.ts */
  run: number;
  failure?: string | undefined;
}

interface SheetUpdate {
  filter: { operation: ObjectId; probe: ObjectId; sheet: number };
  stored: number;
  bits: Record<string, number>;
}

@Injectable()
export class RunSheetsRepository {
  constructor(@InjectModel(RUN_SHEET_MODEL) private readonly model: Model<RunSheetEntity>) {}

  /** Marks what came: one write for each sheet, however many runs on it. */
  async mark(marks: readonly RunMark[], transaction: Transaction): Promise<void> {
    const updates = bySheet(marks).map(({ filter, stored, bits }) => ({
      q: filter,
      u: {
        $inc: { stored },
        $bit: Object.fromEntries(Object.entries(bits).map(([word, or]) => [word, { or }])),
      },
      upsert: true,
    }));
    await updateTogether(this.model, updates, transaction);
  }

  /** @returns those of the runs that came or failed before, by their sheets */
  async findMarked<Run extends Omit<RunMark, 'failure'>>(
    runs: readonly Run[],
    transaction: Transaction,
  ): Promise<Run[]> {
    if (runs.length === 0) return [];
    const which = bySheet(runs).map(({ filter }) => filter);
    const sheets = await this.model.collection
      .find<RunSheetEntity>({ $or: which }, { session: transaction })
      .toArray();
    const known = new Map(sheets.map((sheet) => [sheetKey(sheet), sheet]));
    return runs.filter((run) => {
      const sheet = known.get(sheetKey({ ...run, sheet: Math.floor(run.run / RUNS_PER_SHEET) }));
      return sheet !== undefined && isMarked(sheet, run.run % RUNS_PER_SHEET);
    });
  }

  /** Sheets `first` to `last` of some probes for one operation, in order of probe and sheet. */
  async findRange(
    operation: ObjectId,
    probes: readonly ObjectId[],
    first: number,
    last: number,
  ): Promise<RunSheetEntity[]> {
    return this.model.collection
      .find<RunSheetEntity>(
        { operation, probe: { $in: [...probes] }, sheet: { $gte: first, $lte: last } },
        { projection: { _id: 0, operation: 0 }, sort: { probe: 1, sheet: 1 }, batchSize: 500 },
      )
      .toArray();
  }

  /** In order of probe and sheet. */
  async findByOperation(operation: ObjectId, probe?: ObjectId): Promise<PackedSheet[]> {
    const found = await this.model.collection
      .find<Buffer>(
        { operation, ...(probe && { probe }) },
        {
          projection: { _id: 0, operation: 0 },
          ...{ sort: { probe: 1, sheet: 1 }, batchSize: 10_000, raw: true },
        },
      )
      .toArray();
    return packedSheets(found);
  }
}

/** Each in the order in which they are given. */
export function sheetsByProbe<Sheet extends { probe: ObjectId | string }>(
  all: readonly Sheet[],
): Map<string, Sheet[]> {
  const sheets = new Map<string, Sheet[]>();
  for (const sheet of all) {
    const key = String(sheet.probe);
    const own = sheets.get(key);
    if (own === undefined) sheets.set(key, [sheet]);
    else own.push(sheet);
  }
  return sheets;
}

function isMarked({ came, failed = {} }: RunSheetEntity, place: number): boolean {
  const [word, bit] = [Math.floor(place / RUNS_PER_WORD), 1 << (place % RUNS_PER_WORD)];
  return [came, ...Object.values(failed)].some((bits) => ((bits?.[word] ?? 0) & bit) !== 0);
}

function sheetKey({ operation, probe, sheet }: SheetUpdate['filter']): string {
  return `${operation.toHexString()}${probe.toHexString()}${sheet}`;
}

function bySheet(marks: readonly RunMark[]): SheetUpdate[] {
  const updates = new Map<string, SheetUpdate>();
  for (const { operation, probe, run, failure } of marks) {
    const sheet = Math.floor(run / RUNS_PER_SHEET);
    const key = sheetKey({ operation, probe, sheet });
    const update = updates.get(key) ?? { filter: { operation, probe, sheet }, stored: 0, bits: {} };
    updates.set(key, update);
    const place = run % RUNS_PER_SHEET;
    const word = `${failure === undefined ? 'came' : `failed.${failure}`}.${Math.floor(place / RUNS_PER_WORD)}`;
    update.bits[word] = (update.bits[word] ?? 0) | (1 << (place % RUNS_PER_WORD));
    if (failure === undefined) update.stored += 1;
  }
  return [...updates.values()];
}
