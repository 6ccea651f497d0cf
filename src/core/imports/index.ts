export { countsOf, IMPORT_STATES, type ImportEntity, type ImportState } from './import.schema.js';
export { type ReceivedFile, receive } from './uploads.js';
export { ImportsModule } from './imports.module.js';
export { type NewImport } from './imports.repository.js';
export { importsFolder, ImportsService, isOver } from './imports.service.js';
