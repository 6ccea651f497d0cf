import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { dump } from 'js-yaml';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppModule } from '../app.module.js';
import { type Env, parseEnv } from '../config/env.js';
import { openApiDocument } from '../openapi.js';

const USAGE =
  'usage: npm run openapi [-- --check]   (--check: only says whether docs/openapi.yaml is current)';
const NAME = 'docs/openapi.yaml';
const FILE = join(import.meta.dirname, '../..', NAME);
const HEADER = '# Made by `npm run openapi` from the code. Do not edit: change the code and run it again.\n';

/** Writes the OpenAPI document to docs/openapi.yaml, or holds the file against the code. Needs no database. */
async function main(args: string[]): Promise<string> {
  const check = args.length === 1 && args[0] === '--check';
  if (args.length > 0 && !check) throw new Error(USAGE);
  const current = HEADER + dump(await describe(), { noRefs: true, lineWidth: 110 });
  if (!check) {
    await writeFile(FILE, current);
    return `${NAME} is written`;
  }
  const committed = await readFile(FILE, 'utf8').catch(() => undefined);
  if (committed === undefined) throw new Error(`${NAME} is missing: run \`npm run openapi\` and commit it.`);
  if (committed !== current) {
    throw new Error(`${NAME} does not describe the code any more: run \`npm run openapi\` and commit it.`);
  }
  return `${NAME} is current`;
}

/** In preview mode the modules are read and nothing is made: no connection, no timers. */
async function describe(): Promise<object> {
  const module = AppModule.forRoot(documentEnv(), 'mongodb://localhost');
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  // through JSON, as callers get it: what is undefined is left out
  return JSON.parse(JSON.stringify(openApiDocument(app))) as object;
}

/** Not the environment of this process: the document is the same everywhere. */
function documentEnv(): Env {
  return parseEnv({ SECRET_KEY: 'signs nothing: no request comes here' });
}

main(process.argv.slice(2)).then(
  (sentence) => {
    console.log(sentence);
  },
  (error: unknown) => {
    console.error(`openapi: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
