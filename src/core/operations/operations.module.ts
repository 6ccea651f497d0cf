import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/index.js';
import { ProbesModule } from '../probes/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { PresenceModule } from '../presence/index.js';
import { QuotasModule } from '../quotas/index.js';
import { DeliveryModule } from '../delivery/index.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { OperationCreationService } from './operation-creation.service.js';
import { OperationStore } from './operation-store.js';
import { OperationProbesService } from './operation-probes.service.js';
import { OperationListingService } from './operation-listing.service.js';
import { AssignedProbes } from './assigned-probes.js';
import { ListedOperationsService } from './listed-operations.service.js';
import { OperationsService } from './operations.service.js';

@Module({
  imports: [LedgerModule, ProbesModule, PresenceModule, AssignmentsModule, QuotasModule, DeliveryModule],
  providers: [
    ProbeChoiceService,
    OperationStore,
    OperationsService,
    OperationCreationService,
    OperationListingService,
    AssignedProbes,
    ListedOperationsService,
    OperationProbesService,
  ],
  exports: [
    OperationsService,
    OperationCreationService,
    OperationListingService,
    ListedOperationsService,
    OperationProbesService,
  ],
})
export class OperationsModule {}
