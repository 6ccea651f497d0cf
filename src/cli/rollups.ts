import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parseArgs } from 'node:util';
import { readEnv } from '../config/read-env.js';
import { ConfigModule } from '../config/config.module.js';
import { MIGRATIONS } from '../core/maintenance/index.js';
import { RebuildService, RollupsModule } from '../derived/series/index.js';
import { DatabaseModule } from '../platform/database/database.module.js';
import { DatabaseService } from '../platform/database/database.service.js';
import { type ObjectId, parseId } from '../platform/database/object-id.js';
import { joinDatabase } from '../platform/embedded-mongod/provide-database.js';
import { LimitsModule } from '../platform/limits/limits.module.js';
import { createLogger } from '../platform/logging/logger.js';

const USAGE = 'usage: npm run rollups -- rebuild [--operation ID]';
const TELL_EVERY_MS = 5_000;

@Module({})
class RollupsCommandModule {}

/** Makes the rollups of series anew from results, beside a running server or without one. */
async function main(args: string[]): Promise<string> {
  const operation = operationIn(args);
  const env = { ...readEnv(), logLevel: 'warn' as const };
  const database = await joinDatabase(env, createLogger(env));
  try {
    const imports = [
      ConfigModule.forRoot(env),
      LimitsModule,
      DatabaseModule.forRoot({ uri: database.uri, name: env.mongoDatabase, migrations: MIGRATIONS }),
      RollupsModule,
    ];
    const module = { module: RollupsCommandModule, imports };
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      await app.get(DatabaseService).prepare();
      const { results, deleted } = await app.get(RebuildService).rebuild(operation, progress());
      return `the rollups are made anew of ${results} results; ${deleted} of before are deleted`;
    } finally {
      await app.close();
    }
  } finally {
    await database.stop();
  }
}

/** @returns the operation that is named; undefined: all of them */
function operationIn(args: string[]): ObjectId | undefined {
  const { values, positionals } = parseArgs({
    args,
    options: { operation: { type: 'string' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1 || positionals[0] !== 'rebuild') throw new Error(USAGE);
  const operation = parseId(values.operation);
  if (values.operation !== undefined && operation === undefined)
    throw new Error(`--operation must be 24 hexadecimal digits; ${USAGE}`);
  return operation;
}

function progress(): (results: number) => void {
  let told = performance.now();
  return (results) => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    console.error(`${results} results`);
  };
}

main(process.argv.slice(2)).then(
  (sentence) => {
    console.log(sentence);
  },
  (error: unknown) => {
    console.error(`rollups: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
