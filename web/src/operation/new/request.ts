import { PARAMS } from '../../../generated/texts.js';
import type { ParamField } from '../../api/param-field.js';
import type { Kind } from '../../api/queries.js';
import type { Schemas } from '../../api/client.js';

export type Creation = Schemas['PingCreationDto'];
type Selection = Schemas['SelectionDto'];

/** What the form holds, all as it was typed. */
export interface Draft {
  kind: Kind;
  destinations: string;
  params: Record<string, string>;
  schedule: 'once' | 'interval' | 'cron';
  every: string;
  unit: keyof typeof SECONDS;
  cron: string;
  until: string;
  spread: string;
  probes: 'rule' | 'list' | 'map';
  count: string;
  tags: string;
  countries: string;
  connected: boolean;
  uptime: string;
  chosen: readonly string[];
  visibility: 'public' | 'private';
}

export const SECONDS = { s: 1, min: 60, h: 3_600, d: 86_400 };
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/i;

/** Parameters of a kind that have fields of their own in the form. */
const OWN = new Set(['ips', 'fqdns', 'urls', 'name']);

export const advanced = (kind: Kind): readonly ParamField[] =>
  (PARAMS[kind] ?? []).filter(({ name }) => !OWN.has(name));

export const destinationsIn = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

/** @returns what the API is sent; what is wrong with it, the API says */
export function requestOf(draft: Draft): Creation {
  return {
    kind: draft.kind,
    params: { ...placesOf(draft), ...paramsOf(draft) },
    schedule: scheduleOf(draft),
    ...probesOf(draft),
    visibility: draft.visibility,
  } as unknown as Creation;
}

/** @returns the members of a request that name destinations */
export function placesOf({ kind, destinations }: Draft): object {
  const all = destinationsIn(destinations);
  if (kind === 'http') return { urls: all };
  if (kind === 'dns') return { fqdns: all };
  const ips = all.filter((each) => ADDRESS.test(each));
  const fqdns = all.filter((each) => !ADDRESS.test(each));
  return { ...(ips.length > 0 && { ips }), ...(fqdns.length > 0 && { fqdns }) };
}

function paramsOf({ kind, params }: Draft): object {
  const given = advanced(kind).flatMap((field) => {
    const text = params[field.name];
    return text === undefined || text === '' ? [] : [[field.name, valueOf(field, text)] as const];
  });
  return Object.fromEntries(given);
}

function valueOf({ type }: ParamField, text: string): unknown {
  if (type === 'switch') return '';
  if (type === 'boolean') return text === 'true';
  if (type === 'list') return destinationsIn(text);
  return type === 'string' || Number.isNaN(Number(text)) ? text : Number(text);
}

function scheduleOf({ schedule, every, unit, cron, until, spread }: Draft): object {
  const spreading = spread === '' ? {} : { spread_s: Number(spread) };
  if (schedule === 'once') return { type: 'once', ...spreading };
  const stop = until === '' ? undefined : new Date(until).toISOString();
  if (schedule === 'cron') return { type: 'cron', cron, stop, ...spreading };
  return { type: 'interval', every_s: Number(every) * SECONDS[unit], stop, ...spreading };
}

/** @returns the member of a request that says which probes: `probes` or `select` */
export function probesOf({
  probes,
  count,
  tags,
  countries,
  connected,
  uptime,
  chosen,
}: Draft): { probes: string[] } | { select: Selection } {
  if (probes !== 'rule') return { probes: [...chosen] };
  const wanted = destinationsIn(tags);
  const within = destinationsIn(countries.toUpperCase());
  const rule = {
    count: Number(count),
    ...(connected && { connected }),
    ...(wanted.length > 0 && { tags: wanted }),
    ...(within.length > 0 && { countries: within }),
    ...(uptime !== '' && { min_uptime: Number(uptime) / 100 }),
  };
  // what has a default is left to the server
  return { select: rule as Selection };
}
