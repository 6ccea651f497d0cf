// Writes generated/ from docs/openapi.yaml: the types of the API, and the texts that the pages show of parameters and fates.
import openapiTS, { astToString } from 'openapi-typescript';
import { load } from 'js-yaml';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';

const SOURCE = new URL('../../docs/openapi.yaml', import.meta.url);
const OUT = new URL('../generated/', import.meta.url);

const written = async (name) => (await stat(new URL(name, OUT)).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
const changed = Math.max(
  ...(await Promise.all([SOURCE, new URL(import.meta.url)].map(async (url) => (await stat(url)).mtimeMs))),
);
if ((await written('texts.ts')) < changed) {
  await mkdir(OUT, { recursive: true });
  const document = load(await readFile(SOURCE, 'utf8'));
  const { schemas } = document.components;
  await writeFile(new URL('api.d.ts', OUT), astToString(await openapiTS(SOURCE)));
  await writeFile(new URL('kinds.ts', OUT), kindsOf(schemas));
  await writeFile(new URL('texts.ts', OUT), textsOf(document, schemas));
}

function paramsOf(kind, schemas) {
  return schemas[named(kind, 'Params')];
}

/** The names of kinds alone: every page is loaded with them. */
function kindsOf(schemas) {
  const names = Object.keys(schemas.OperationDto.discriminator.mapping).filter((kind) =>
    paramsOf(kind, schemas),
  );
  return `// Made by scripts/generate.mjs from docs/openapi.yaml.
export const KINDS = ${JSON.stringify(names)} as const;
`;
}

/** @returns scopes of keys with what the document says of each: `name` (what it opens) */
function scopesOf({ description, items }) {
  const hints = new Map(
    [...description.matchAll(/`([\w.]+)` \(([^)]*)\)/g)].map(([, name, hint]) => [name, hint]),
  );
  return items.enum.map((name) => ({ name, hint: hints.get(name) ?? '' }));
}

/** What of the document is shown to people, and nothing else of it: the page is loaded with it. */
function textsOf(document, schemas) {
  // what is imported has no parameters: nobody asks for it
  const kinds = Object.fromEntries(
    Object.entries(schemas.OperationDto.discriminator.mapping).filter(([kind]) => paramsOf(kind, schemas)),
  );
  const params = Object.fromEntries(
    Object.keys(kinds).map((kind) => {
      return [
        kind,
        Object.entries(paramsOf(kind, schemas).properties).map(([key, schema]) => ({
          name: key,
          ...fieldOf(schema),
        })),
      ];
    }),
  );
  const fates = Object.fromEntries(
    Object.entries(schemas.CoverageDto.properties.fates.properties).map(([fate, { description }]) => [
      fate,
      description,
    ]),
  );
  const select = Object.fromEntries(
    Object.entries(schemas.SelectionDto.properties).map(([name, { description }]) => [
      name,
      description ?? '',
    ]),
  );
  const schedule = Object.fromEntries(
    ['OnceScheduleDto', 'IntervalScheduleDto', 'CronScheduleDto'].flatMap((name) =>
      Object.entries(schemas[name].properties).map(([member, { description }]) => [
        member,
        description ?? '',
      ]),
    ),
  );
  const { minLength, description: rule } = schemas.NewAccountDto.properties.password;
  const password = `At least ${minLength} characters. ${rule}.`;
  const bounds = schemas.UsageDto.properties.bound.description;
  return `// Made by scripts/generate.mjs from docs/openapi.yaml.
import type { ParamField } from '../src/api/param-field.js';
import type { ResultFormat, Scope } from '../src/api/queries.js';

/** what a kind measures, in a sentence */
export const KIND_HINTS: Record<string, string> = ${JSON.stringify(hintsOf(kinds, schemas))};
/** what results of a kind may be read as */
export const FORMATS: Record<string, readonly ResultFormat[]> = ${JSON.stringify(formatsOf(schemas))};
export const PARAMS: Record<string, readonly ParamField[]> = ${JSON.stringify(params)};
export const FATES: Record<string, string> = ${JSON.stringify(fates)};
export const SELECT: Record<string, string> = ${JSON.stringify(select)};
export const SCHEDULE: Record<string, string> = ${JSON.stringify(schedule)};
export const PASSWORD_RULE = ${JSON.stringify(password)};
export const SCOPES: readonly { name: Scope; hint: string }[] = ${JSON.stringify(scopesOf(schemas.NewKeyDto.properties.scopes))};
export const BOUNDS = ${JSON.stringify(bounds)};
`;
}

function named(kind, what) {
  return `${kind[0].toUpperCase()}${kind.slice(1)}${what}`;
}

function hintsOf(kinds, schemas) {
  return Object.fromEntries(
    Object.keys(kinds).map((kind) => [kind, schemas[named(kind, 'CreationDto')].description]),
  );
}

/** Of all kinds of operations, those too that are only imported. */
function formatsOf(schemas) {
  return Object.fromEntries(
    Object.keys(schemas.OperationDto.discriminator.mapping).map((kind) => [
      kind,
      schemas[named(kind, 'OperationDto')]['x-result-formats'],
    ]),
  );
}

function fieldOf({
  description,
  default: preset,
  type,
  enum: values,
  minimum,
  maximum,
  const: fixed,
  anyOf,
  items,
  example,
}) {
  const words = values ?? anyOf?.find((each) => each.enum)?.enum;
  return {
    description,
    type: fixed === '' ? 'switch' : type === 'array' ? 'list' : (type ?? 'string'),
    ...(preset !== undefined && { preset }),
    ...(words && { values: words, open: values === undefined }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(items?.type && { of: items.type }),
    ...(example !== undefined && { example }),
  };
}
