import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../../core/assignments/index.js';
import { TailModule } from '../../core/ingest/index.js';
import { RebuildService } from './rebuild.service.js';
import { GENERATION_MODEL, generationSchema, ROLLUP_MODEL, rollupSchema } from './rollup.schema.js';
import { RollupWriter } from './rollup-writer.js';
import { RollupsRepository } from './rollups.repository.js';

/** Rollups without who keeps them: the command that makes them anew needs no more. */
@Module({
  imports: [
    AssignmentsModule,
    TailModule,
    MongooseModule.forFeature([
      { name: ROLLUP_MODEL, schema: rollupSchema },
      { name: GENERATION_MODEL, schema: generationSchema },
    ]),
  ],
  providers: [RollupsRepository, RollupWriter, RebuildService],
  exports: [RollupsRepository, RollupWriter, RebuildService],
})
export class RollupsModule {}
