import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AccountsModule } from '../../core/accounts/index.js';
import { AuditModule } from '../../core/audit/index.js';
import { ServersModule } from '../../core/servers/index.js';
import { AuthModule } from '../../core/users/index.js';
import { LedgerModule } from '../../core/ledger/index.js';
import { SitesModule } from '../../core/sites/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { PresenceModule } from '../../core/presence/index.js';
import { QuotasModule } from '../../core/quotas/index.js';
import { OperationsModule } from '../../core/operations/index.js';
import { RunsModule } from '../../core/runs/index.js';
import { ImportsModule } from '../../core/imports/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { ActivityModule } from '../../derived/activity/index.js';
import { SeriesModule } from '../../derived/series/index.js';
import { LatestModule } from '../../derived/latest/index.js';
import { ChangesModule } from '../../derived/changes/index.js';
import { AdminController } from './admin.controller.js';
import { AuditInterceptor } from './audit.interceptor.js';
import { AccountsController } from './accounts.controller.js';
import { AuthController } from './auth.controller.js';
import { ChangesController } from './changes.controller.js';
import { CoverageController } from './coverage.controller.js';
import { ImportsController } from './imports.controller.js';
import { KeysController } from './keys.controller.js';
import { LatestController } from './latest.controller.js';
import { LimitsController } from './limits.controller.js';
import { OperationProbesController } from './operation-probes.controller.js';
import { OperationsController } from './operations.controller.js';
import { PicturesController } from './pictures.controller.js';
import { PlatformController } from './platform.controller.js';
import { ProbesController } from './probes.controller.js';
import { ResultsController } from './results.controller.js';
import { SeriesController } from './series.controller.js';
import { SessionsController } from './sessions.controller.js';
import { SitePhotosController } from './site-photos.controller.js';
import { SitesController } from './sites.controller.js';
import { StatsController } from './stats.controller.js';
import { TargetsController } from './targets.controller.js';
import { QueriedProbes } from './queried-probes.js';
import { ResultListings } from './result-listings.js';
import { ResultsAtlas } from './results-atlas.js';

/** The HTTP API of the platform: /api/v1. */
@Module({
  imports: [
    AuthModule,
    AccountsModule,
    AuditModule,
    ServersModule,
    LedgerModule,
    SitesModule,
    ProbesModule,
    PresenceModule,
    QuotasModule,
    OperationsModule,
    RunsModule,
    ResultsModule,
    ImportsModule,
    ActivityModule,
    SeriesModule,
    LatestModule,
    ChangesModule,
  ],
  controllers: [
    AuthController,
    PlatformController,
    AccountsController,
    KeysController,
    AdminController,
    PicturesController,
    ProbesController,
    SessionsController,
    SitesController,
    SitePhotosController,
    OperationsController,
    OperationProbesController,
    CoverageController,
    ChangesController,
    LimitsController,
    TargetsController,
    // before those whose paths it would be an id of
    LatestController,
    ResultsController,
    SeriesController,
    StatsController,
    ImportsController,
  ],
  providers: [
    ResultListings,
    ResultsAtlas,
    QueriedProbes,
    { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
  ],
})
export class ApiModule {}
