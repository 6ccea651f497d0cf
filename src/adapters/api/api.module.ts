import { Module } from '@nestjs/common';
import { AuthModule } from '../../core/users/auth.module.js';
import { LedgerModule } from '../../core/ledger/ledger.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { PresenceModule } from '../../core/presence/presence.module.js';
import { QuotasModule } from '../../core/quotas/quotas.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { RunsModule } from '../../core/runs/runs.module.js';
import { ResultsModule } from '../../core/results/results.module.js';
import { AccountsController } from './accounts.controller.js';
import { AuthController } from './auth.controller.js';
import { CoverageController } from './coverage.controller.js';
import { LimitsController } from './limits.controller.js';
import { OperationsController } from './operations.controller.js';
import { ProbesController } from './probes.controller.js';
import { ResultsController } from './results.controller.js';
import { SessionsController } from './sessions.controller.js';
import { TargetsController } from './targets.controller.js';
import { ResultListings } from './result-listings.js';

/** The HTTP API of the platform: /api/v1. */
@Module({
  imports: [
    AuthModule,
    LedgerModule,
    ProbesModule,
    PresenceModule,
    QuotasModule,
    OperationsModule,
    RunsModule,
    ResultsModule,
  ],
  controllers: [
    AccountsController,
    AuthController,
    CoverageController,
    LimitsController,
    OperationsController,
    ProbesController,
    ResultsController,
    SessionsController,
    TargetsController,
  ],
  providers: [ResultListings],
})
export class ApiModule {}
