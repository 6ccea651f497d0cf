import { Module } from '@nestjs/common';
import { PresenceModule } from '../presence/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { QuotasModule } from '../quotas/index.js';
import { OperationChanges } from './operation-changes.js';
import { OperationFeed } from './operation-feed.js';
import { DispatchService } from './dispatch.service.js';
import { ArrivalsService } from './arrivals.service.js';
import { SweepService } from './sweep.service.js';

@Module({
  imports: [PresenceModule, AssignmentsModule, QuotasModule],
  providers: [OperationChanges, OperationFeed, DispatchService, ArrivalsService, SweepService],
  exports: [OperationFeed, DispatchService, ArrivalsService],
})
export class DeliveryModule {}
