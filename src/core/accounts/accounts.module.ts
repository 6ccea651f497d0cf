import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/index.js';
import { ImportsModule } from '../imports/index.js';
import { LedgerModule } from '../ledger/index.js';
import { OperationsModule } from '../operations/index.js';
import { PresenceModule } from '../presence/index.js';
import { ProbesModule } from '../probes/index.js';
import { SharesModule } from '../shares/index.js';
import { AuthModule, UsersModule } from '../users/index.js';
import { AccountsService } from './accounts.service.js';

@Module({
  imports: [
    AuthModule,
    UsersModule,
    LedgerModule,
    PresenceModule,
    ProbesModule,
    AssignmentsModule,
    OperationsModule,
    SharesModule,
    ImportsModule,
  ],
  providers: [AccountsService],
  exports: [AccountsService],
})
export class AccountsModule {}
