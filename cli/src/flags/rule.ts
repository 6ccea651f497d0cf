import { InvalidArgumentError } from 'commander';
import { type ApiDocument, type Schema } from './api-document.js';
import { read } from './flags.js';

/** Where to measure from: probes by their ids, a rule of the API (`select`), or all that match its conditions. */
export type Rule =
  | { probes: string[] }
  | { select: Record<string, unknown> & { count: number } }
  | { all: Record<string, unknown> };

const ID = /^[0-9a-f]{24}$/i;
/** One of these for a list of one: `tag=fibre` reads better than `tags=fibre`. */
const SINGULAR: Readonly<Record<string, string>> = { site: 'sites', tag: 'tags', kind: 'kinds' };

export const RULE_HELP =
  'where from: a number of probes, `all`, ids, and conditions like tag=fibre, connected=no, ipv6=yes, min_uptime=0.95, ' +
  'near=LATITUDE/LONGITUDE[/KM]; with commas, or repeated. Those that are connected, unless it says otherwise';

/**
 * Reads `10,tag=fibre,near=-34.6/-58.4/500`. Conditions are the members of `select`, with the types of the document.
 * @throws InvalidArgumentError
 */
export function parseRule(texts: readonly string[], { schemas }: ApiDocument): Rule {
  const parts = texts.flatMap((text) => text.split(',')).filter((part) => part !== '');
  const probes = parts.filter((part) => ID.test(part));
  if (probes.length > 0) {
    if (probes.length < parts.length)
      throw new InvalidArgumentError('Probes are named by their ids, or chosen by conditions: not both.');
    return { probes: [...new Set(probes)] };
  }
  const conditions = conditionsOf(
    parts.filter((part) => part.includes('=')),
    schemas['SelectionDto']?.properties ?? {},
  );
  const counts = parts.filter((part) => !part.includes('='));
  if (counts.length > 1)
    throw new InvalidArgumentError(`One number of probes is enough: ${counts.join(', ')}.`);
  const [said = '1'] = counts;
  const asked = { connected: true, ...conditions };
  if (said === 'all') return { all: asked };
  if (!/^[1-9]\d{0,4}$/.test(said))
    throw new InvalidArgumentError(`"${said}" is no number of probes, id or condition (tag=fibre).`);
  return { select: { count: Number(said), ...asked } };
}

function conditionsOf(
  parts: readonly string[],
  members: Readonly<Record<string, Schema>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const part of parts) {
    const [said, text] = splitOnce(part, '=');
    const member = SINGULAR[said] ?? said;
    const schema = members[member];
    if (schema === undefined || member === 'count')
      throw new InvalidArgumentError(
        `"${said}" is no condition: ${Object.keys(members)
          .filter((name) => name !== 'count')
          .join(', ')}.`,
      );
    if (member === 'near') found[member] = placeOf(text);
    else if (schema.type === 'array')
      found[member] = [...listed(found[member]), read(text, schema.items ?? {})];
    else found[member] = read(text, schema);
  }
  return found;
}

/** Latitude before longitude, as RFC 5870 (geo URIs) and every map have it. */
function placeOf(text: string): object {
  const numbers = text.split('/').map(Number);
  const [latitude, longitude, within_km] = numbers;
  if (numbers.length < 2 || numbers.length > 3 || numbers.some((each) => Number.isNaN(each)))
    throw new InvalidArgumentError(
      'near is LATITUDE/LONGITUDE or LATITUDE/LONGITUDE/KM, like -34.6/-58.4/500.',
    );
  return { longitude, latitude, ...(within_km !== undefined && { within_km }) };
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function splitOnce(text: string, by: string): [string, string] {
  const index = text.indexOf(by);
  return [text.slice(0, index), text.slice(index + 1)];
}
