export { LedgerModule } from './ledger.module.js';
export { LEDGER_REASONS, type LedgerEntity, type LedgerReason } from './ledger.schema.js';
export { LedgerService, MAX_GRANT, type Payment } from './ledger.service.js';
