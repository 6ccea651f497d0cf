import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { text } from 'node:stream/consumers';
import { BusModule } from '../platform/bus/bus.module.js';
import { DatabaseModule } from '../platform/database/database.module.js';
import { DatabaseService } from '../platform/database/database.service.js';
import { joinDatabase } from '../platform/embedded-mongod/provide-database.js';
import { LimitsModule } from '../platform/limits/limits.module.js';
import { createLogger } from '../platform/logging/logger.js';
import { ConfigModule } from '../config/config.module.js';
import { readEnv } from '../config/read-env.js';
import { MIGRATIONS } from '../core/maintenance/index.js';
import { AuditModule, AuditService } from '../core/audit/index.js';
import { AuthModule, AuthService } from '../core/users/index.js';

const USAGE =
  'usage: npm run superuser -- create EMAIL [PASSWORD]   (without PASSWORD it is read from standard input)';

@Module({})
class SuperuserModule {}

/** Makes a superuser, beside a running server or without one. */
async function main([command, email, given, ...more]: string[]): Promise<string> {
  if (command !== 'create' || email === undefined || more.length > 0) throw new Error(USAGE);
  const password = given ?? (await text(process.stdin)).replace(/\r?\n$/, '');
  const env = { ...readEnv(), logLevel: 'warn' as const };
  const database = await joinDatabase(env, createLogger(env));
  try {
    const imports = [
      ConfigModule.forRoot(env),
      LimitsModule,
      BusModule,
      DatabaseModule.forRoot({ uri: database.uri, name: env.mongoDatabase, migrations: MIGRATIONS }),
      AuthModule,
      AuditModule,
    ];
    const module = { module: SuperuserModule, imports };
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      await app.get(DatabaseService).prepare();
      const outcome = await app.get(AuthService).makeSuperuser(email, password);
      const action = `superuser create (${outcome})`;
      await app.get(AuditService).append({ via: 'shell', action, target: email });
      return outcome === 'created'
        ? `${email} is a superuser now`
        : `${email} had an account; it is a superuser now, with this password`;
    } finally {
      await app.close();
    }
  } finally {
    await database.stop();
  }
}

main(process.argv.slice(2)).then(
  (sentence) => {
    console.log(sentence);
  },
  (error: unknown) => {
    console.error(`superuser: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
