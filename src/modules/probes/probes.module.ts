import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../auth/auth.module.js';
import { ConnectedProbes } from './connected-probes.js';
import { ConnectionsWriter } from './connections-writer.js';
import { PresenceService } from './presence.service.js';
import { ProbeConnectionsService } from './probe-connections.service.js';
import { ProbeFeed } from './probe-feed.js';
import { ProbeMeters } from './probe-meters.js';
import { PROBE_MODEL, probeSchema } from './probe.schema.js';
import { ProbesController } from './probes.controller.js';
import { ProbeLoadsRepository } from './probe-loads.repository.js';
import { ProbesRepository } from './probes.repository.js';
import { ProbesService } from './probes.service.js';
import { PLATFORM_TIME_MODEL, platformTimeSchema } from './reliability/platform-time.schema.js';
import { PlatformTimesRepository } from './reliability/platform-times.repository.js';
import { PlatformTimesService } from './reliability/platform-times.service.js';
import { UptimeService } from './reliability/uptime.service.js';
import { SelectionService } from './selection/selection.service.js';
import { SERVER_MODEL, serverSchema } from './server.schema.js';
import { ServersRepository } from './servers.repository.js';
import { ServersService } from './servers.service.js';
import { SESSION_MODEL, sessionSchema } from './session.schema.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { UpkeepService } from './upkeep.service.js';

@Module({
  imports: [
    AuthModule,
    MongooseModule.forFeature([
      { name: PROBE_MODEL, schema: probeSchema },
      { name: SESSION_MODEL, schema: sessionSchema },
      { name: SERVER_MODEL, schema: serverSchema },
      { name: PLATFORM_TIME_MODEL, schema: platformTimeSchema },
    ]),
  ],
  controllers: [ProbesController, SessionsController],
  providers: [
    ProbesRepository,
    ProbeLoadsRepository,
    SessionsRepository,
    ServersRepository,
    ServersService,
    PresenceService,
    ConnectedProbes,
    ProbeFeed,
    ProbeMeters,
    ConnectionsWriter,
    ProbeConnectionsService,
    ProbesService,
    SelectionService,
    UpkeepService,
    PlatformTimesRepository,
    PlatformTimesService,
    UptimeService,
  ],
  exports: [
    ProbeLoadsRepository,
    PresenceService,
    ConnectedProbes,
    ProbeFeed,
    ProbeMeters,
    ProbeConnectionsService,
    ProbesService,
    SelectionService,
    UptimeService,
  ],
})
export class ProbesModule {}
