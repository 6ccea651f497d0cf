import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { BusModule } from './platform/bus/bus.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { appName } from './platform/database/app-name.js';
import { ProblemFilter } from './platform/errors/problem.filter.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { RequestValidationPipe } from './platform/validation/request-validation.pipe.js';
import { ConfigModule } from './config/config.module.js';
import { type Env } from './config/env.js';
import { serverId } from './config/server-id.js';
import { AuthModule } from './core/users/auth.module.js';
import { ClassicModule } from './adapters/classic/classic.module.js';
import { GatewayModule } from './adapters/probe-protocol/probe-protocol.module.js';
import { HealthModule } from './adapters/ops/ops.module.js';
import { LedgerModule } from './core/ledger/ledger.module.js';
import { LiveModule } from './adapters/live/live.module.js';
import { OperationsModule } from './core/operations/operations.module.js';
import { ProbesModule } from './core/probes/probes.module.js';
import { ResultsModule } from './core/results/results.module.js';
import { UsersModule } from './core/users/users.module.js';

@Module({})
export class AppModule {
  /** @param databaseUri of the replica set, embedded or not */
  static forRoot(env: Env, databaseUri: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(env),
        LimitsModule,
        BusModule,
        DatabaseModule.forRoot(
          databaseUri,
          env.mongoDatabase,
          appName(env.mongoDatabase, serverId(env.dataDir)),
        ),
        // the core
        UsersModule,
        AuthModule,
        LedgerModule,
        ProbesModule,
        OperationsModule,
        ResultsModule,
        // the doors
        GatewayModule,
        ClassicModule,
        LiveModule,
        HealthModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: RequestValidationPipe },
      ],
    };
  }
}
