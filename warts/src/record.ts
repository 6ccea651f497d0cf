import type { DealiasRecord } from './records/dealias.js';
import type { UnknownParameters } from './reader.js';
import type { HostRecord } from './records/host.js';
import type { HttpRecord } from './records/http.js';
import type { NeighbourRecord } from './records/neighbour.js';
import type { OwampRecord } from './records/owamp.js';
import type { PingRecord } from './records/ping.js';
import type { SniffRecord } from './records/sniff.js';
import type { StingRecord } from './records/sting.js';
import type { TbitRecord } from './records/tbit.js';
import type { TraceRecord } from './records/trace.js';
import type { TracelbRecord } from './records/tracelb.js';
import type { UdpprobeRecord } from './records/udpprobe.js';
import type {
  AddressRecord,
  CycleDefinitionRecord,
  CycleStartRecord,
  CycleStopRecord,
  ListRecord,
  SkippedRecord,
} from './records/types.js';

/** Any record of a warts file; `type` tells which. */
export type WartsRecord = (
  | ListRecord
  | CycleStartRecord
  | CycleDefinitionRecord
  | CycleStopRecord
  | AddressRecord
  | TraceRecord
  | PingRecord
  | TracelbRecord
  | DealiasRecord
  | NeighbourRecord
  | TbitRecord
  | StingRecord
  | SniffRecord
  | HostRecord
  | HttpRecord
  | UdpprobeRecord
  | OwampRecord
  | SkippedRecord
) & {
  /** What later versions of scamper have written in the record or its parts; absent if there is nothing. */
  unknown_parameters?: UnknownParameters[];
};
