import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type KindName } from '../../measurement/kinds/index.js';
import { type Column, type Result, ResultTable, type Row, type Shape } from './result-columns.js';
import { type Moment } from './results-csv.js';

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/** A row group ends with so many rows, or so much text: what a reader of the answer holds in memory, and what is encoded in one go. */
const GROUP_ROWS = 2_000;
const GROUP_CHARACTERS = 1024 * 1024;

/**
 * Writes results of one kind as Apache Parquet, with the columns of CSV: numbers, truths and times in UTC by their types, lists as
 * lists, null for null. Its footer stands at the end: a file that breaks off is none.
 */
export class ResultsParquet {
  private readonly table: ResultTable;
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private columns: unknown[][];
  private rows = 0;
  private characters = 0;

  constructor(kind: KindName) {
    this.table = new ResultTable(kind);
    const { columns } = this.table;
    const root = { name: 'results', num_children: columns.length };
    const schema = [root, ...columns.flatMap(({ name, shape }) => elementsOf(name, shape))];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'pladmed' });
    this.columns = columns.map(() => []);
  }

  /** @returns a row group, where one is full */
  *add(result: Result): Generator<Buffer, void> {
    for (const row of this.table.rowsOf(result)) {
      this.keep(row);
      if (this.rows >= GROUP_ROWS || this.characters >= GROUP_CHARACTERS) yield this.group();
    }
  }

  /** @returns what is left, and the footer */
  end(): Buffer {
    const last = this.rows > 0 ? this.group() : Buffer.alloc(0);
    void this.writer.finish();
    return Buffer.concat([last, this.taken()]);
  }

  private keep(row: Row): void {
    for (const [index, { shape }] of this.table.columns.entries()) {
      const value = valueOf(row[index], shape);
      this.columns[index]?.push(value);
      this.characters += charactersOf(value);
    }
    this.rows += 1;
  }

  private group(): Buffer {
    const columnData = this.table.columns.map(({ name }, index) => ({
      name,
      data: this.columns[index] ?? [],
      offsetIndex: false,
    }));
    // nothing is awaited: the bytes are in memory
    void this.writer.write({ columnData, rowGroupSize: this.rows });
    this.columns = this.table.columns.map(() => []);
    this.rows = 0;
    this.characters = 0;
    return this.taken();
  }

  /** What was written since the last time; positions in the file go on. */
  private taken(): Buffer {
    const bytes = Buffer.from(this.bytes.getBytes());
    this.bytes.index = 0;
    return bytes;
  }
}

/** Elements of the schema, by the rules for nested types of parquet-format, "LogicalTypes.md". */
function elementsOf(name: string, shape: Shape): SchemaElement[] {
  const element = { name, repetition_type: 'OPTIONAL' } as const;
  switch (shape) {
    case 'text':
      return [{ ...element, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }];
    case 'number':
      return [{ ...element, type: 'DOUBLE' }];
    case 'integer':
      return [{ ...element, type: 'INT64' }];
    case 'boolean':
      return [{ ...element, type: 'BOOLEAN' }];
    case 'time':
      return [timeElement(name, 'MILLIS')];
    case 'moment':
      return [timeElement(name, 'MICROS')];
  }
  if ('list' in shape)
    return [
      { ...element, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', shape.list),
    ];
  const members = shape.members.flatMap((member: Column) => elementsOf(member.name, member.shape));
  return [{ ...element, num_children: shape.members.length }, ...members];
}

function timeElement(name: string, unit: 'MILLIS' | 'MICROS'): SchemaElement {
  return {
    ...{ name, repetition_type: 'OPTIONAL', type: 'INT64', converted_type: `TIMESTAMP_${unit}` },
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit },
  };
}

function valueOf(value: unknown, shape: Shape): unknown {
  if (value === null || value === undefined) return null;
  switch (shape) {
    case 'text':
    case 'number':
    case 'boolean':
      return value;
    case 'integer':
      return BigInt(value as number);
    case 'time':
      return timeOf(value as string);
    case 'moment':
      return microsecondsOf(value as Moment);
  }
  if ('list' in shape) return (value as unknown[]).map((each) => valueOf(each, shape.list));
  return Object.fromEntries(
    shape.members.map((member) => [
      member.name,
      valueOf((value as Record<string, unknown>)[member.name], member.shape),
    ]),
  );
}

/** @returns milliseconds since 1970; null for what is no time: a certificate may say anything */
function timeOf(text: string): bigint | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : BigInt(time);
}

function microsecondsOf({ sec, usec }: Moment): bigint {
  return BigInt(sec) * 1_000_000n + BigInt(usec);
}

function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let characters = 8;
  for (const each of Object.values(value)) characters += charactersOf(each);
  return characters;
}
