import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { UsersModule } from '../users/index.js';
import { LedgerRepository } from './ledger.repository.js';
import { LEDGER_MODEL, ledgerSchema } from './ledger.schema.js';
import { LedgerService } from './ledger.service.js';

@Module({
  imports: [UsersModule, MongooseModule.forFeature([{ name: LEDGER_MODEL, schema: ledgerSchema }])],
  providers: [LedgerRepository, LedgerService],
  exports: [LedgerService],
})
export class LedgerModule {}
