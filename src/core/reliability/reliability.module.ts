import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ProbesModule } from '../probes/probes.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { RunsModule } from '../runs/runs.module.js';
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
  exports: [ReliabilityService],
})
export class ReliabilityModule {}
