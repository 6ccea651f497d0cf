export { ProgressModule } from './progress.module.js';
export { type Progress, ProgressService } from './progress.service.js';
