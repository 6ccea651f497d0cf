import type { DealiasRecord } from './records/dealias.js';
import type { PingRecord } from './records/ping.js';
import type { TbitRecord } from './records/tbit.js';
import type { TraceRecord } from './records/trace.js';
import type { TracelbRecord } from './records/tracelb.js';
import type {
  AddressRecord,
  CycleDefinitionRecord,
  CycleStartRecord,
  CycleStopRecord,
  ListRecord,
  SkippedRecord,
} from './records/types.js';

/** Any record of a warts file; `type` tells which. */
export type WartsRecord =
  | ListRecord
  | CycleStartRecord
  | CycleDefinitionRecord
  | CycleStopRecord
  | AddressRecord
  | TraceRecord
  | PingRecord
  | TracelbRecord
  | DealiasRecord
  | TbitRecord
  | SkippedRecord;
