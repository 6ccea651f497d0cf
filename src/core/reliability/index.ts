export { ReliabilityModule } from './reliability.module.js';
export { ReliabilityService } from './reliability.service.js';
