import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../users/index.js';
import { SitesModule } from '../sites/index.js';
import { ServersModule } from '../servers/index.js';
import { PROBE_MODEL, probeSchema } from './probe.schema.js';
import { ProbesRepository } from './probes.repository.js';
import { ListedProbesRepository } from './listed-probes.repository.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { ProbeConnectionsRepository } from './probe-connections.repository.js';
import { ProbeLoadsRepository } from './probe-loads.repository.js';
import { ProbeFeed } from './probe-feed.js';
import { InstrumentsService } from './instruments.service.js';
import { NetworksService } from './networks/networks.service.js';
import { ProbesService } from './probes.service.js';
import { SelectionService } from './selection/selection.service.js';

@Module({
  imports: [
    AuthModule,
    SitesModule,
    ServersModule,
    MongooseModule.forFeature([{ name: PROBE_MODEL, schema: probeSchema }]),
  ],
  providers: [
    ProbesRepository,
    ListedProbesRepository,
    ProbeConnectionsRepository,
    InstrumentsRepository,
    ProbeLoadsRepository,
    ProbeFeed,
    ProbesService,
    NetworksService,
    InstrumentsService,
    SelectionService,
  ],
  exports: [
    ProbesRepository,
    ProbeConnectionsRepository,
    ProbeLoadsRepository,
    ProbeFeed,
    ProbesService,
    NetworksService,
    InstrumentsService,
    SelectionService,
  ],
})
export class ProbesModule {}
