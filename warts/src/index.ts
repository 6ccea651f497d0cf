export { Address, compareAddresses } from './address.js';
export { CopyError, RecordCopier } from './copy.js';
export { decode, decodeStream, type ByteStream, type Decoded, type WebStream } from './decode.js';
export {
  DUMP_TYPES,
  FiguresDecoder,
  StreamDecoder,
  type DecodeLimits,
  type FiguresRecord,
} from './decoder.js';
export { DUMP_HEADER, dumpRows, recordToDumpRow } from './dump.js';
export { WartsError, type WartsErrorCode } from './errors.js';
export { JSON_DIALECTS, type JsonDialect } from './json/dialect.js';
export { jsonLines, recordToJson, recordToObject } from './json/index.js';
export { pathHash } from './path-hash.js';
export { isAnswer } from './ping-answers.js';
export type { UnknownParameters } from './reader.js';
export type { WartsRecord } from './record.js';
export type * from './records/dealias-method.js';
export type * from './records/dealias.js';
export type * from './records/host-data.js';
export type * from './records/host.js';
export { HopFlag, type TraceHop } from './records/hop.js';
export type { IcmpExtension } from './records/icmp-extension.js';
export { HttpBufferKind, type HttpBuffer, type HttpRecord } from './records/http.js';
export type * from './records/neighbour.js';
export type * from './records/owamp.js';
export type { PingFigures } from './ping-figures.js';
export {
  PingFlag,
  PingReplyFlag,
  type PingRecord,
  type PingReply,
  type PingTimestamps,
} from './records/ping.js';
export type * from './records/sniff.js';
export type * from './records/sting.js';
export type * from './records/tbit.js';
export type { Doubletree, PmtudNote, TracePmtud } from './records/trace-attributes.js';
export { StopReason, TraceMethod, type TraceRecord } from './records/trace.js';
export type * from './records/tracelb.js';
export type * from './records/types.js';
export type * from './records/udpprobe.js';
export { encode, EncodeError, Encoder, isEncodable, type EncodableRecord } from './encode/index.js';
export type { DealiasSummary } from './summaries/dealias.js';
export type { Delays } from './summaries/delays.js';
export type { HostSummary } from './summaries/host.js';
export type { HttpSummary } from './summaries/http.js';
export type { NeighbourSummary } from './summaries/neighbour.js';
export type { OwampSummary, UdpprobeSummary } from './summaries/packets.js';
export {
  isSummarizable,
  MAX_ERRORS,
  summarize,
  type PingError,
  type PingSummary,
  type Summaries,
  type SummarizableRecord,
  type TraceSummary,
} from './summary.js';
