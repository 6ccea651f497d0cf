import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ProbesModule } from '../probes/index.js';
import { PresenceModule } from '../presence/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { RunsModule } from '../runs/index.js';
import { PLATFORM_TIME_MODEL, platformTimeSchema } from './platform-time.schema.js';
import { PlatformTimesRepository } from './platform-times.repository.js';
import { PlatformTimesService } from './platform-times.service.js';
import { UptimeService } from './uptime.service.js';
import { RunSharesService } from './run-shares.service.js';
import { ReliabilityService } from './reliability.service.js';

@Module({
  imports: [
    ProbesModule,
    PresenceModule,
    AssignmentsModule,
    RunsModule,
    MongooseModule.forFeature([{ name: PLATFORM_TIME_MODEL, schema: platformTimeSchema }]),
  ],
  providers: [
    PlatformTimesRepository,
    PlatformTimesService,
    UptimeService,
    RunSharesService,
    ReliabilityService,
  ],
  exports: [PlatformTimesService, ReliabilityService],
})
export class ReliabilityModule {}
