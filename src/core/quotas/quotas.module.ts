import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../assignments/index.js';
import { ProbesModule } from '../probes/index.js';
import { HOLD_MODEL, holdSchema } from './hold.schema.js';
import { METER_MODEL, meterSchema } from './meter.schema.js';
import { HoldsRepository } from './holds.repository.js';
import { MetersRepository } from './meters.repository.js';
import { QuotasService } from './quotas.service.js';
import { ReleasesService } from './releases.service.js';
import { QuotasUpkeepService } from './quotas-upkeep.service.js';
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
    QuotasService,
    ReleasesService,
    QuotasUpkeepService,
    ProbeLoadsService,
  ],
  exports: [QuotasService, ReleasesService, ProbeLoadsService],
})
export class QuotasModule {}
