import { Module } from '@nestjs/common';
import { ImportsModule } from '../../core/imports/index.js';
import { ImportFolder } from './import-folder.js';
import { ImportUploads } from './import-uploads.js';

/** Files that wait to be imported: those of IMPORT_DIR, and those that were uploaded. */
@Module({
  imports: [ImportsModule],
  providers: [ImportFolder, ImportUploads],
})
export class ImportFilesModule {}
