export { type BackupHeader, readBackup, writeBackup } from './backup/backup-file.js';
export {
  databaseTime,
  occupiedCollections,
  platformCollections,
  restoreDocuments,
  serversAlive,
  settleRestored,
} from './backup/platform-backup.js';
export { RetentionModule } from './retention/retention.module.js';
export { type DerivedData, RetentionService } from './retention/retention.service.js';
export { MIGRATIONS } from './migrations/migrations.js';
