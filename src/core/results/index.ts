export { DecodedTexts } from './decoded-texts.js';
export { type ReadResult, ResultReader } from './result-reader.js';
export { ResultsModule } from './results.module.js';
export { type ManyFilter, type Parts, type ResultFilter, type ResultSize } from './results.repository.js';
