import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { dump } from 'js-yaml';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppModule } from '../app.module.js';
import { type Env, parseEnv } from '../config/env.js';
import { openApiDocument } from '../openapi.js';
import { permissionsPage } from '../platform/http/permissions-table.js';
import { routesOf } from '../platform/http/routes.js';

const OPENAPI = 'docs/openapi.yaml';
const PERMISSIONS = 'docs/permissions.md';
const USAGE = `usage: npm run openapi [-- --check]   (--check: only says whether ${OPENAPI} and ${PERMISSIONS} are current)`;
const HEADER = '# Made by `npm run openapi` from the code. Do not edit: change the code and run it again.\n';

/** Writes what the code says of its routes to docs/, or holds the files against the code. Needs no database. */
async function main(args: string[]): Promise<string> {
  const check = args.length === 1 && args[0] === '--check';
  if (args.length > 0 && !check) throw new Error(USAGE);
  const pages = await describe();
  for (const [name, text] of pages) await (check ? compare(name, text) : writeFile(fileOf(name), text));
  return `${pages.map(([name]) => name).join(' and ')} are ${check ? 'current' : 'written'}`;
}

/** @throws Error where a file is not what the code says */
async function compare(name: string, current: string): Promise<void> {
  const committed = await readFile(fileOf(name), 'utf8').catch(() => undefined);
  if (committed === undefined) throw new Error(`${name} is missing: run \`npm run openapi\` and commit it.`);
  if (committed !== current)
    throw new Error(`${name} does not describe the code any more: run \`npm run openapi\` and commit it.`);
}

/** In preview mode the modules are read and nothing is made: no connection, no timers. */
async function describe(): Promise<[name: string, text: string][]> {
  const module = AppModule.forRoot(documentEnv(), 'mongodb://localhost');
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  // through JSON, as callers get it: what is undefined is left out
  const document = JSON.parse(JSON.stringify(openApiDocument(app))) as object;
  return [
    [OPENAPI, HEADER + dump(document, { noRefs: true, lineWidth: 110 })],
    [PERMISSIONS, permissionsPage(routesOf(app).filter(({ access }) => access?.who !== 'door'))],
  ];
}

function fileOf(name: string): string {
  return join(import.meta.dirname, '../..', name);
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
