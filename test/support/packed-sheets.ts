import mongoose from 'mongoose';
import { type PackedSheet, packedSheets } from '../../src/core/runs/packed-sheets.js';
import { type RunSheetEntity } from '../../src/core/runs/run-sheet.schema.js';

const ID = new mongoose.mongo.ObjectId('6720a1b2c3d4e5f6000000b2');

/** Run sheets as MongoDB sends them, read. */
export function asRead(sheets: readonly Omit<RunSheetEntity, 'operation' | 'probe'>[]): PackedSheet[] {
  return packedSheets(
    sheets.map((sheet) =>
      Buffer.from(mongoose.mongo.BSON.serialize({ _id: ID, ...sheet, operation: ID, probe: ID })),
    ),
  );
}
