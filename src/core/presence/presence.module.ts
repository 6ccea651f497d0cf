import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../users/index.js';
import { ServersModule } from '../servers/index.js';
import { ProbesModule } from '../probes/index.js';
import { SESSION_MODEL, sessionSchema } from './session.schema.js';
import { SessionsRepository } from './sessions.repository.js';
import { PresenceService } from './presence.service.js';
import { ProbeVersionsService } from './probe-versions.service.js';
import { ConnectedProbes } from './connected-probes.js';
import { ProbeMeters } from './probe-meters.js';
import { ProbeStates } from './probe-states.js';
import { ProbeProtocols } from './probe-protocols.js';
import { ConnectionsWriter } from './connections-writer.js';
import { ProbeConnectionsService } from './probe-connections.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { ProbeSuspensionService } from './probe-suspension.service.js';
import { RosterService } from './roster.service.js';
import { UpkeepService } from './upkeep.service.js';

@Module({
  imports: [
    AuthModule,
    ServersModule,
    ProbesModule,
    MongooseModule.forFeature([{ name: SESSION_MODEL, schema: sessionSchema }]),
  ],
  providers: [
    SessionsRepository,
    PresenceService,
    ProbeVersionsService,
    ConnectedProbes,
    ProbeProtocols,
    ProbeMeters,
    ProbeStates,
    ConnectionsWriter,
    ProbeConnectionsService,
    TokenRevocationService,
    ProbeSuspensionService,
    RosterService,
    UpkeepService,
  ],
  exports: [
    SessionsRepository,
    PresenceService,
    ProbeVersionsService,
    ConnectedProbes,
    ProbeProtocols,
    ProbeMeters,
    ProbeStates,
    ProbeConnectionsService,
    TokenRevocationService,
    ProbeSuspensionService,
    RosterService,
  ],
})
export class PresenceModule {}
