import { type Request } from 'express';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type OperationKind, WARTS } from '../../core/assignments/index.js';
import { ATLAS_TYPES, type AtlasKind } from '../../measurement/atlas/common.js';
import { isKindName, KIND_NAMES, KINDS } from '../../measurement/kinds/index.js';

interface FormatStatement {
  /** media type, as it is asked for in `Accept` */
  type: string;
  /** the same as it is sent */
  sent: string;
  /** of a file's name */
  extension: string;
}

/** What results may be read as; the first is the default. */
export const RESULT_FILES = {
  json: { type: 'application/json', sent: 'application/json; charset=utf-8', extension: 'json' },
  ndjson: { type: 'application/x-ndjson', sent: 'application/x-ndjson', extension: 'ndjson' },
  csv: { type: 'text/csv', sent: 'text/csv; charset=utf-8', extension: 'csv' },
  parquet: {
    type: 'application/vnd.apache.parquet',
    sent: 'application/vnd.apache.parquet',
    extension: 'parquet',
  },
  warts: { type: 'application/x-warts', sent: 'application/x-warts', extension: 'warts' },
  atlas: {
    type: 'application/vnd.pladmed.atlas+json',
    sent: 'application/vnd.pladmed.atlas+json',
    extension: 'atlas.json',
  },
} as const satisfies Record<string, FormatStatement>;

export type ResultFileFormat = keyof typeof RESULT_FILES;

export const RESULT_FILE_FORMATS = Object.keys(RESULT_FILES) as ResultFileFormat[];

/** Kinds whose results can be in a warts file. */
const WARTS_KINDS: readonly OperationKind[] = [
  ...KIND_NAMES.filter((kind) => Object.hasOwn(KINDS[kind].formats, 'warts')),
  WARTS,
];

/** Formats of some kinds only: a table has the columns of a kind. */
const KINDS_OF: Partial<Record<ResultFileFormat, readonly OperationKind[]>> = {
  csv: KIND_NAMES,
  parquet: KIND_NAMES,
  warts: WARTS_KINDS,
  atlas: Object.keys(ATLAS_TYPES) as AtlasKind[],
};

/** @returns what results of a kind may be read as */
export function formatsOf(kind: OperationKind): ResultFileFormat[] {
  return RESULT_FILE_FORMATS.filter((format) => KINDS_OF[format]?.includes(kind) !== false);
}

const ALL_OF = new Intl.ListFormat('en-GB');

interface Asked {
  /** `format` of the query, which goes before `Accept` */
  format: ResultFileFormat | undefined;
  /** of the operations whose results are asked for */
  kinds: readonly OperationKind[];
}

/**
 * The format that the caller likes best of those that there are of these kinds (RFC 9110, section 12.5.1).
 * @throws DomainError not_acceptable, which says which there are
 */
export function formatFor(request: Request, { format, kinds }: Asked): ResultFileFormat {
  const without = (each: ResultFileFormat) =>
    kinds.filter((kind) => KINDS_OF[each]?.includes(kind) === false);
  const available = RESULT_FILE_FORMATS.filter((each) => without(each).length === 0);
  if (format !== undefined) {
    if (available.includes(format)) return format;
    const its = KINDS_OF[format]?.filter(isKindName) ?? [];
    throw notAcceptable(`${format} is of ${ALL_OF.format(its)}, and has no ${without(format).join(', ')}`);
  }
  const types: string[] = available.map((each) => RESULT_FILES[each].type);
  const accepted = request.accepts(types);
  const chosen = available[types.indexOf(String(accepted))];
  if (chosen === undefined)
    throw notAcceptable(`${String(request.headers.accept)} is not there; there are ${types.join(', ')}`);
  return chosen;
}

function notAcceptable(detail: string): DomainError {
  return new DomainError('not_acceptable', detail);
}

/** @returns a Content-Disposition that names a file after what is in it */
export function dispositionOf(
  format: ResultFileFormat,
  operations: readonly { _id: unknown; kind: OperationKind }[],
): string {
  const [first, ...others] = operations;
  const kinds = new Set(operations.map(({ kind }) => kind));
  const of = [
    'results',
    ...(kinds.size === 1 ? kinds : []),
    ...(first !== undefined && others.length === 0 ? [String(first._id)] : []),
  ];
  return `attachment; filename="${of.join('-')}.${RESULT_FILES[format].extension}"`;
}
