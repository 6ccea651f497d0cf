import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { OperationsService } from './operations.service.js';

@Module({
  imports: [LedgerModule, ProbesModule, AssignmentsModule, QuotasModule, DeliveryModule],
  providers: [ProbeChoiceService, OperationsService],
  exports: [OperationsService],
})
export class OperationsModule {}
