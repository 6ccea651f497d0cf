import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ResultsModule } from '../results/results.module.js';
import { UsersModule } from '../users/users.module.js';
import { ClassicAccountsController } from './classic-accounts.controller.js';
import { ClassicListings } from './classic-listings.js';
import { ClassicMaintenanceController } from './classic-maintenance.controller.js';
import { ClassicMaintenanceService } from './classic-maintenance.service.js';
import { ClassicOperationsController } from './classic-operations.controller.js';
import { ClassicProbesController } from './classic-probes.controller.js';
import { ClassicPatience } from './classic-patience.js';
import { ClassicGateway } from './classic.gateway.js';

/** The door for frontends and probes of classic Pladmed. */
@Module({
  imports: [AuthModule, UsersModule, LedgerModule, ProbesModule, OperationsModule, ResultsModule],
  controllers: [
    ClassicAccountsController,
    ClassicProbesController,
    ClassicOperationsController,
    ClassicMaintenanceController,
  ],
  providers: [ClassicListings, ClassicMaintenanceService, ClassicPatience, ClassicGateway],
})
export class ClassicModule {}
