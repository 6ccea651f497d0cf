import { Module } from '@nestjs/common';
import { PresenceModule } from '../../core/presence/index.js';
import { AssignmentsModule } from '../../core/assignments/index.js';
import { DeliveryModule } from '../../core/delivery/index.js';
import { IngestModule } from '../../core/ingest/index.js';
import { AuthModule } from '../../core/users/index.js';
import { LedgerModule } from '../../core/ledger/index.js';
import { OperationsModule } from '../../core/operations/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { ClassicAccountsController } from './clients/classic-accounts.controller.js';
import { ClassicListings } from './clients/classic-listings.js';
import { ClassicMaintenanceController } from './clients/classic-maintenance.controller.js';
import { ClassicMaintenanceService } from './clients/classic-maintenance.service.js';
import { ClassicOperationsController } from './clients/classic-operations.controller.js';
import { ClassicProbesController } from './clients/classic-probes.controller.js';
import { ClassicPatience } from './probes/classic-patience.js';
import { ClassicGateway } from './probes/classic.gateway.js';

/** The door for frontends and probes of classic Pladmed. */
@Module({
  imports: [
    AuthModule,
    LedgerModule,
    ProbesModule,
    PresenceModule,
    AssignmentsModule,
    DeliveryModule,
    OperationsModule,
    IngestModule,
    ResultsModule,
  ],
  controllers: [
    ClassicAccountsController,
    ClassicProbesController,
    ClassicOperationsController,
    ClassicMaintenanceController,
  ],
  providers: [ClassicListings, ClassicMaintenanceService, ClassicPatience, ClassicGateway],
})
export class ClassicModule {}
