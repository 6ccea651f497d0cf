import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ASSIGNMENT_MODEL, assignmentSchema } from './assignment.schema.js';
import { ArrivalsService } from './arrivals.service.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { DispatchBus } from './dispatch-bus.js';
import { DispatchService } from './dispatch.service.js';
import { OperationFeed } from './operation-feed.js';
import { OPERATION_MODEL, operationSchema } from './operation.schema.js';
import { OperationsController } from './operations.controller.js';
import { OperationsRepository } from './operations.repository.js';
import { OperationsService } from './operations.service.js';
import { SweepService } from './sweep.service.js';

@Module({
  imports: [
    LedgerModule,
    ProbesModule,
    MongooseModule.forFeature([
      { name: OPERATION_MODEL, schema: operationSchema },
      { name: ASSIGNMENT_MODEL, schema: assignmentSchema },
    ]),
  ],
  controllers: [OperationsController],
  providers: [
    OperationsRepository,
    AssignmentsRepository,
    DispatchBus,
    OperationFeed,
    DispatchService,
    ArrivalsService,
    OperationsService,
    SweepService,
  ],
  exports: [
    ArrivalsService,
    ArrivalsService,
    AssignmentsRepository,
    DispatchBus,
    DispatchService,
    OperationFeed,
    OperationsService,
  ],
})
export class OperationsModule {}
