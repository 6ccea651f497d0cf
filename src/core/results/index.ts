export { DecodedTexts } from './decoded-texts.js';
export { type ReadResult, ResultReader } from './result-reader.js';
export { type FollowStep, ResultsFollower } from './results-follower.js';
export { ResultsModule } from './results.module.js';
export {
  conditionsOf,
  type EntryFilter,
  entryTest,
  type Network,
  RESULT_TIMES,
  type ResultFilter,
  type ResultTime,
} from './result-filter.js';
export { type ListedPart } from './listed/known-lists.js';
export { type ListedFrom, ListedResults } from './listed/listed-results.js';
export { type Parts, type ResultSize } from './results.repository.js';
export { TimedResults } from './timed-results.js';
export { type TimedFilter, type TimedResult } from './timed-results.repository.js';
export { OwnTimes } from './own-times.js';
export { type OwnTimeFilter } from './own-times.repository.js';
export { WHOLE, type WholeResult, WholeResults } from './whole-results.js';
