import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ACKNOWLEDGEMENTS_MODEL, acknowledgementsSchema } from './acknowledgements.schema.js';
import { AcknowledgementsRepository } from './acknowledgements.repository.js';
import { OPERATION_MODEL, operationSchema } from './operation.schema.js';
import { ASSIGNMENT_MODEL, assignmentSchema } from './assignment.schema.js';
import { OperationKinds } from './operation-kinds.js';
import { ListedOperationsRepository } from './listed-operations.repository.js';
import { OperationsRepository } from './operations.repository.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { OperationRetentionRepository } from './operation-retention.repository.js';
import { RunAccountsRepository } from './run-accounts.repository.js';

const PROVIDERS = [
  OperationsRepository,
  ListedOperationsRepository,
  OperationRetentionRepository,
  AssignmentsRepository,
  AcknowledgementsRepository,
  RunAccountsRepository,
  OperationKinds,
];

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: OPERATION_MODEL, schema: operationSchema },
      { name: ASSIGNMENT_MODEL, schema: assignmentSchema },
      { name: ACKNOWLEDGEMENTS_MODEL, schema: acknowledgementsSchema },
    ]),
  ],
  providers: PROVIDERS,
  exports: PROVIDERS,
})
export class AssignmentsModule {}
