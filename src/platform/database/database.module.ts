import { type DynamicModule, Global, Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import './closed-connections.js';
import { DatabaseService } from './database.service.js';
import { LEASE_MODEL, leaseSchema } from '../periodic/leases/lease.schema.js';
import { LeasesService } from '../periodic/leases/leases.service.js';
import { ALLOWANCE_MODEL, allowanceSchema } from '../limits/allowance.schema.js';
import { AllowancesService } from '../limits/allowances.service.js';
import { MIGRATION_MODEL, migrationSchema } from './migrations/migration.schema.js';
import { DATABASE_MIGRATIONS, type Migration, MigrationsService } from './migrations/migrations.service.js';
import { COUNTER_MODEL, counterSchema } from './numbers/counter.schema.js';
import { NumbersService } from './numbers/numbers.service.js';
import { PlatformClock } from './platform-clock.js';
import { TransactionsService } from './transactions.service.js';

/**
 * A connection over which MongoDB has not answered for so long is given up, and what was asked over it is asked again: the other
 * end may be gone without a word, and whatever waits for such an answer would wait for a quarter of an hour.
 */
const SILENT_MS = 60_000;

export interface DatabaseOptions {
  /** of a replica set, embedded or not */
  uri: string;
  /** of the database in it */
  name: string;
  /** what this process is called at MongoDB (app-name.ts); absent: it is no server */
  appName?: string;
  migrations: readonly Migration[];
}

@Global()
@Module({})
export class DatabaseModule {
  static forRoot({ uri, name, appName, migrations }: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        MongooseModule.forRoot(uri, {
          dbName: name,
          // a command's copy of a database may be silent for long
          ...(appName !== undefined && { appName, socketTimeoutMS: SILENT_MS }),
          autoIndex: false,
          autoCreate: false,
          serverSelectionTimeoutMS: 5000,
          maxPoolSize: 50,
          writeConcern: { w: 'majority', journal: true },
          // Nest would try for ever and log each try; we say once what is wrong and end
          retryAttempts: 5,
          retryDelay: 1000,
          verboseRetryLog: false,
        }),
        MongooseModule.forFeature([
          { name: MIGRATION_MODEL, schema: migrationSchema },
          { name: LEASE_MODEL, schema: leaseSchema },
          { name: ALLOWANCE_MODEL, schema: allowanceSchema },
          { name: COUNTER_MODEL, schema: counterSchema },
        ]),
      ],
      providers: [
        { provide: DATABASE_MIGRATIONS, useValue: migrations },
        AllowancesService,
        DatabaseService,
        LeasesService,
        MigrationsService,
        NumbersService,
        PlatformClock,
        TransactionsService,
      ],
      exports: [
        AllowancesService,
        DatabaseService,
        LeasesService,
        NumbersService,
        PlatformClock,
        TransactionsService,
      ],
    };
  }
}
