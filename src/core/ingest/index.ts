export { CREDITS_PER_RESULT } from './effects.js';
export { IngestModule } from './ingest.module.js';
export { type Acceptance, IngestService, LATE_MS, MAX_CONTENT_BYTES } from './ingest.service.js';
export { type FailureReport, type ResultReport } from './report-content.js';
export { type LatePayment, ResultFeed, type StoredResult } from './result-feed.js';
export { HEAD_SIZE, RAW_SIZE, rawBytes, RESULT_MODEL, type ResultEntity } from './result.schema.js';
export { ResultsTail, type TailLag, TailPositionLostError } from './tail.js';
export {
  type GatheringConsumer,
  type Gathering,
  type TailConsumer,
  type WritingConsumer,
} from './tail-consumers.js';
export { TailModule } from './tail.module.js';
export { type TailBatch } from './tail-reader.js';
export { entriesOf } from './tail-log.repository.js';
export { announced, POSITION, type TailLogEntity, unpackIds } from './tail-log.schema.js';
