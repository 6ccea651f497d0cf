export { type ClockReader, hostClock, type Reading, readClock, stepBetween } from './clock.js';
export { exchange, NoReply, type Question, type Reply } from './exchange.js';
export { measureOffset, NoTime, type TimeServer, type Wishes } from './measure.js';
export {
  isUnbounded,
  type Kiss,
  kissOf,
  type NtpSample,
  offsetOf,
  type Sample,
  sampleOf,
  whyUnusable,
} from './offset.js';
export { type NtpPacket, PACKET_BYTES } from './packet.js';
export { type Estimate, inMicroseconds, OffsetTracker } from './tracker.js';
export { NtpWatch, type WatchEvents, type WatchSettings } from './watch.js';
