import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { BusModule } from './platform/bus/bus.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { appName } from './platform/database/app-name.js';
import { ProblemFilter } from './platform/http/problem.filter.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { SocketsModule } from './platform/sockets/sockets.module.js';
import { MIGRATIONS, RetentionModule } from './core/maintenance/index.js';
import { ReliabilityModule } from './core/reliability/index.js';
import { ApiModule } from './adapters/api/api.module.js';
import { RequestValidationPipe } from './platform/validation/request-validation.pipe.js';
import { ConfigModule } from './config/config.module.js';
import { type Env } from './config/env.js';
import { serverId } from './config/server-id.js';
import { ClassicModule } from './adapters/classic/classic.module.js';
import { GlobalpingProbesModule } from './adapters/globalping/globalping-probes.module.js';
import { ProbeProtocolModule } from './adapters/probe-protocol/probe-protocol.module.js';
import { OpsModule } from './adapters/ops/ops.module.js';
import { ImportFilesModule } from './adapters/imports/import-files.module.js';
import { GlobalpingClientsModule } from './adapters/globalping/clients/globalping-clients.module.js';
import { AtlasModule } from './adapters/atlas/atlas.module.js';
import { LiveModule } from './adapters/live/live.module.js';

@Module({})
export class AppModule {
  /** @param databaseUri of the replica set, embedded or not */
  static forRoot(env: Env, databaseUri: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(env),
        LimitsModule,
        SocketsModule,
        BusModule,
        DatabaseModule.forRoot({
          uri: databaseUri,
          name: env.mongoDatabase,
          appName: appName(env.mongoDatabase, serverId(env.dataDir)),
          migrations: MIGRATIONS,
        }),
        // nobody imports them: they work on their own
        ReliabilityModule,
        RetentionModule,
        ApiModule,
        ProbeProtocolModule,
        ClassicModule,
        ...(env.doors.includes('globalping') ? [GlobalpingProbesModule] : []),
        LiveModule,
        ...(env.doors.includes('globalping') ? [GlobalpingClientsModule] : []),
        ImportFilesModule,
        OpsModule,
        ...(env.doors.includes('atlas') ? [AtlasModule] : []),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: RequestValidationPipe },
      ],
    };
  }
}
