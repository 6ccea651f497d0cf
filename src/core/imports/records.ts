import { type ResultEntity } from '../ingest/index.js';
import { type OperationKind } from '../assignments/index.js';

/** A result as a file tells it. */
export interface FileResult {
  /** its place in the file, from 0 */
  record: number;
  /** absent: the file does not say */
  kind?: OperationKind;
  /** of the operation, where the file names one; absent: the file's own */
  operation?: string;
  /** what tells it from all others of this owner, in whichever file it comes */
  identity: string;
  /** of an export: the id of the result, and its run, where the file names that */
  exported?: { id: string; uniqueCode?: string };
  /** the id of the probe, or the name of the host that measured */
  probe: string;
  members: Omit<ResultEntity, '_id' | 'operation' | 'probe' | 'unique_code' | 'received_at'>;
  /** when it was stored for the first time */
  firstReceivedAt?: Date;
}

/** What a file says at one place. */
export type FileItem =
  | { type: 'result'; result: FileResult }
  | { type: 'skipped'; record: number }
  | { type: 'refused'; record: number; message: string };
