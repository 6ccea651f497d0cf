import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../users/auth.module.js';
import { ConnectedProbes } from '../presence/connected-probes.js';
import { ConnectionsWriter } from '../presence/connections-writer.js';
import { PresenceService } from '../presence/presence.service.js';
import { ProbeConnectionsService } from '../presence/probe-connections.service.js';
import { ProbeFeed } from './probe-feed.js';
import { ProbeMeters } from '../presence/probe-meters.js';
import { PROBE_MODEL, probeSchema } from './probe.schema.js';
import { ProbesController } from '../../adapters/api/probes.controller.js';
import { ProbeLoadsRepository } from './probe-loads.repository.js';
import { ProbesRepository } from './probes.repository.js';
import { ProbesService } from './probes.service.js';
import { PLATFORM_TIME_MODEL, platformTimeSchema } from '../reliability/platform-time.schema.js';
import { PlatformTimesRepository } from '../reliability/platform-times.repository.js';
import { PlatformTimesService } from '../reliability/platform-times.service.js';
import { UptimeService } from '../reliability/uptime.service.js';
import { SelectionService } from './selection/selection.service.js';
import { SERVER_MODEL, serverSchema } from '../presence/server.schema.js';
import { ServersRepository } from '../presence/servers.repository.js';
import { ServersService } from '../presence/servers.service.js';
import { SESSION_MODEL, sessionSchema } from '../presence/session.schema.js';
import { SessionsController } from '../../adapters/api/sessions.controller.js';
import { SessionsRepository } from '../presence/sessions.repository.js';
import { UpkeepService } from '../presence/upkeep.service.js';

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
