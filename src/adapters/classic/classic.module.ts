import { Module } from '@nestjs/common';
import { PresenceModule } from '../../core/presence/presence.module.js';
import { AssignmentsModule } from '../../core/assignments/assignments.module.js';
import { DeliveryModule } from '../../core/delivery/delivery.module.js';
import { IngestModule } from '../../core/ingest/ingest.module.js';
import { AuthModule } from '../../core/users/auth.module.js';
import { LedgerModule } from '../../core/ledger/ledger.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { ResultsModule } from '../../core/results/results.module.js';
import { UsersModule } from '../../core/users/users.module.js';
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
    UsersModule,
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
