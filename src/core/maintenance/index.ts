export { type BackupHeader, readBackup, writeBackup } from './backup/backup-file.js';
export {
  databaseTime,
  occupiedCollections,
  platformCollections,
  restoreDocuments,
  serversAlive,
  settleRestored,
} from './backup/platform-backup.js';
export { MIGRATIONS } from './migrations/migrations.js';
