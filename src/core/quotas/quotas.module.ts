import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../assignments/index.js';
import { ProbesModule } from '../probes/index.js';
import { HOLD_MODEL, holdSchema } from './hold.schema.js';
import { METER_MODEL, meterSchema } from './meter.schema.js';
import { HoldsRepository } from './holds.repository.js';
import { MetersRepository } from './meters.repository.js';
import { BoundsService } from './bounds.service.js';
import { ReleasesService } from './releases.service.js';
import { BoundsUpkeepService } from './bounds-upkeep.service.js';
import { ProbeLoadsService } from './probe-loads.service.js';

@Module({
  imports: [
    AssignmentsModule,
    ProbesModule,
    MongooseModule.forFeature([
      { name: HOLD_MODEL, schema: holdSchema },
      { name: METER_MODEL, schema: meterSchema },
    ]),
  ],
  providers: [
    HoldsRepository,
    MetersRepository,
    BoundsService,
    ReleasesService,
    BoundsUpkeepService,
    ProbeLoadsService,
  ],
  exports: [BoundsService, ReleasesService, ProbeLoadsService],
})
export class QuotasModule {}
