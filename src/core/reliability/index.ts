export { PlatformTimesService } from './platform-times.service.js';
export { ReliabilityModule } from './reliability.module.js';
export { ReliabilityService } from './reliability.service.js';
