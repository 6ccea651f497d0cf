import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/index.js';
import { LedgerModule } from '../ledger/index.js';
import { OperationsModule } from '../operations/index.js';
import { PresenceModule } from '../presence/index.js';
import { AuthModule, UsersModule } from '../users/index.js';
import { AccountsService } from './accounts.service.js';

@Module({
  imports: [AuthModule, UsersModule, LedgerModule, PresenceModule, AssignmentsModule, OperationsModule],
  providers: [AccountsService],
  exports: [AccountsService],
})
export class AccountsModule {}
