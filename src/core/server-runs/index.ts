export { type AskedProbe, type Ask, type AskOutcome, type RunWords } from './run-words.js';
export { type Awaited, RunAnswersService } from './run-answers.service.js';
export { ServerRunsService } from './server-runs.service.js';
export { ServerRunsModule } from './server-runs.module.js';
