import { z } from 'zod';
import { type KindName, KINDS } from '../../measurement/kinds/index.js';
import { type ResultDto } from './dto/result.dto.js';

/** What a column holds; any of it may be null. `time` is an RFC 3339 text, `moment` seconds and microseconds since 1970. */
export type Shape =
  | 'text'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'time'
  | 'moment'
  | { list: Shape }
  | { members: readonly Column[] };

export interface Column {
  name: string;
  shape: Shape;
}

export type Result = Omit<ResultDto, 'decoded'>;
/** A value for each column, in their order. */
export type Row = unknown[];

/** Columns that results of all kinds have. Behind them `entry` counts the destinations or queries of one result from 0. */
const COMMON = {
  result_id: 'text',
  operation_id: 'text',
  probe_id: 'text',
  kind: 'text',
  outcome: 'text',
  received_at: 'time',
  scheduled_at: 'time',
  started_at: 'time',
  started_corrected_at: 'time',
  clock_trusted: 'boolean',
  clock_offset_ms: 'number',
  clock_error_ms: 'number',
  counted: 'boolean',
  duration_ms: 'number',
  failure_reason: 'text',
  failure_detail: 'text',
  decode_error: 'text',
  entry: 'integer',
} as const satisfies Record<string, Shape>;

/** Results of one kind as a table: one row for each entry of a summary, one for a result without. */
export class ResultTable {
  readonly columns: readonly Column[];
  private readonly members: readonly string[];

  constructor(private readonly kind: KindName) {
    const members = membersOf(KINDS[kind].summary).filter(({ name }) => name !== 'type');
    this.members = members.map(({ name }) => name);
    this.columns = [
      ...Object.entries(COMMON).map(([name, shape]) => ({ name, shape })),
      ...members.map(({ name, shape }) => ({ name: name === 'start' ? 'start_at' : name, shape })),
    ];
  }

  *rowsOf(result: Result): Generator<Row, void> {
    const common = this.commonOf(result);
    const { summary } = result;
    if (summary === null || summary.length === 0) {
      yield [...common, null, ...this.members.map(() => null)];
      return;
    }
    for (const [index, entry] of summary.entries())
      yield [
        ...common,
        index,
        ...this.members.map((name) => (entry as Record<string, unknown>)[name] ?? null),
      ];
  }

  /** All but `entry`. */
  private commonOf(result: Result): Row {
    const { clock, failure } = result;
    const values: Record<Exclude<keyof typeof COMMON, 'entry'>, unknown> = {
      result_id: result.id,
      operation_id: result.operation_id,
      probe_id: result.probe_id,
      kind: this.kind,
      outcome: result.outcome,
      received_at: result.received_at,
      scheduled_at: result.scheduled_at,
      started_at: result.started_at,
      started_corrected_at: result.started_corrected_at,
      clock_trusted: result.clock_trusted,
      clock_offset_ms: clock?.offset_ms ?? null,
      clock_error_ms: clock?.error_ms ?? null,
      counted: result.counted,
      duration_ms: result.duration_ms,
      failure_reason: failure?.reason ?? null,
      failure_detail: failure?.detail ?? null,
      decode_error: result.decode_error,
    };
    return Object.values(values);
  }
}

/** All members that an entry may have, those that most entries have first. */
function membersOf(schema: z.ZodType): Column[] {
  if (schema instanceof z.ZodUnion) {
    const all = new Map<string, Column>();
    for (const option of schema.options)
      for (const member of membersOf(option as z.ZodType))
        if (!all.has(member.name)) all.set(member.name, member);
    return [...all.values()];
  }
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).map(([name, member]) => ({
    name,
    shape: shapeOf(member as z.ZodType),
  }));
}

function shapeOf(schema: z.ZodType): Shape {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return shapeOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return { list: shapeOf(schema.element as z.ZodType) };
  if (schema instanceof z.ZodObject) {
    const members = membersOf(schema);
    return members.some(({ name }) => name === 'usec') ? 'moment' : { members };
  }
  if (schema instanceof z.ZodNumber) return schema.format === 'safeint' ? 'integer' : 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  return schema.meta()?.['format'] === 'date-time' ? 'time' : 'text';
}
