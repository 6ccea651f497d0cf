import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { BusModule } from './common/bus/bus.module.js';
import { DatabaseModule } from './common/database/database.module.js';
import { appName } from './common/database/app-name.js';
import { ProblemFilter } from './common/errors/problem.filter.js';
import { LimitsModule } from './common/limits/limits.module.js';
import { RequestValidationPipe } from './common/validation/request-validation.pipe.js';
import { ConfigModule } from './config/config.module.js';
import { type Env } from './config/env.js';
import { serverId } from './config/server-id.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { ClassicModule } from './modules/classic/classic.module.js';
import { GatewayModule } from './modules/gateway/gateway.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { LedgerModule } from './modules/ledger/ledger.module.js';
import { LiveModule } from './modules/live/live.module.js';
import { OperationsModule } from './modules/operations/operations.module.js';
import { ProbesModule } from './modules/probes/probes.module.js';
import { ResultsModule } from './modules/results/results.module.js';
import { UsersModule } from './modules/users/users.module.js';

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
