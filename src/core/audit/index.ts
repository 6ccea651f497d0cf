export { AuditModule } from './audit.module.js';
export { type AuditEntity } from './audit.schema.js';
export { AuditService } from './audit.service.js';
