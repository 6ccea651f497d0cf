/**
 * Writes src/generated/ from docs/openapi.yaml: the types of the API, and what flags are made of. Run before the compiler;
 * nothing of it is committed, so that it cannot differ from the document.
 *
 *   --document   only what flags are made of: a moment, against seconds for the types
 */
import { load } from 'js-yaml';
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const SOURCE = new URL('../../docs/openapi.yaml', import.meta.url);
const TARGET = new URL('../src/generated/', import.meta.url);
const HEADER = '// Made by cli/scripts/generate.mjs from docs/openapi.yaml. Not committed.\n';

const document = load(await readFile(SOURCE, 'utf8'));
await mkdir(TARGET, { recursive: true });
await writeNew('document.ts', await whatFlagsNeed());
if (!process.argv.includes('--document')) await writeNew('schema.ts', await types());

/** The parameters of each route and the schemas of the bodies: not the answers, whose types are enough. */
async function whatFlagsNeed() {
  const routes = Object.entries(document.paths).filter(([path]) => path.startsWith('/api/v1/'));
  const parameters = Object.fromEntries(
    routes.flatMap(([path, { get }]) =>
      get ? [[path, (get.parameters ?? []).filter(isOfQuery).map(asFlag)]] : [],
    ),
  );
  const schemas = Object.fromEntries(
    Object.entries(document.components.schemas).filter(([name]) =>
      /(Params|SelectionDto|ScheduleDto)$/.test(name),
    ),
  );
  const { requestBody } = document.paths['/api/v1/operations'].post;
  const { mapping } = requestBody.content['application/json'].schema.discriminator;
  const kinds = Object.keys(mapping);
  const measures = Object.fromEntries(
    kinds.map((kind) => [kind, document.components.schemas[mapping[kind].split('/').at(-1)].description]),
  );
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const made = JSON.stringify({ kinds, measures, parameters, schemas }, null, 1);
  return `import { type ApiDocument } from '../flags/api-document.js';\n\nexport const DOCUMENT: ApiDocument = ${made};\n\nexport const VERSION = '${version}';\n`;
}

function isOfQuery({ in: place }) {
  return place === 'query';
}

function asFlag({ name, description, schema }) {
  return { name, description, schema };
}

async function types() {
  const { astToString, default: openapiTS } = await import('openapi-typescript');
  return astToString(await openapiTS(SOURCE, { defaultNonNullable: false }));
}

/** The compiler starts anew for what is newer: what is the same stays. */
async function writeNew(name, text) {
  const file = new URL(name, TARGET);
  const whole = HEADER + text;
  if ((await readFile(file, 'utf8').catch(() => '')) !== whole) await writeFile(file, whole);
}
