import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/index.js';
import { PresenceModule } from '../presence/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { ProbesModule } from '../probes/index.js';
import { QuotasModule } from '../quotas/index.js';
import { OperationChanges } from './operation-changes.js';
import { OperationFeed } from './operation-feed.js';
import { DispatchService } from './dispatch.service.js';
import { Handover } from './handover.js';
import { ArrivalsService } from './arrivals.service.js';
import { PartReader } from './part-reader.js';
import { RefusalsService } from './refusals.service.js';
import { SweepService } from './sweep.service.js';

@Module({
  imports: [LedgerModule, ProbesModule, PresenceModule, AssignmentsModule, QuotasModule],
  providers: [
    OperationChanges,
    OperationFeed,
    DispatchService,
    Handover,
    ArrivalsService,
    PartReader,
    RefusalsService,
    SweepService,
  ],
  exports: [OperationFeed, DispatchService, ArrivalsService],
})
export class DeliveryModule {}
