import { serverNow } from '../../api/clock.js';
import { KINDS } from '../../../generated/kinds.js';
import type { Kind } from '../../api/queries.js';
import { flag, known, list, longText, type Search, text, word } from '../../address/search.js';
import type { Draft } from './request.js';

const SCHEDULES = ['once', 'interval', 'cron'] as const;
const UNITS = ['s', 'min', 'h', 'd'] as const;
const WAYS = ['rule', 'list', 'map'] as const;
const VISIBILITIES = ['public', 'private'] as const;
const DAY_MS = 86_400_000;

/** What the form begins with. */
const USUAL: Draft = {
  ...{ kind: 'ping', destinations: '', params: {}, visibility: 'public' },
  ...{ schedule: 'once', every: '5', unit: 'min', cron: '*/15 * * * *', until: '', spread: '' },
  ...{ probes: 'rule', count: '1', tags: '', countries: '', connected: true, uptime: '', chosen: [] },
};

/** The form as it stands in an address: what is as usual is not there. `probes`: ids of those that are chosen. */
export interface DraftSearch {
  kind?: Kind;
  to?: string;
  params?: Record<string, string>;
  schedule?: Draft['schedule'];
  every?: string;
  unit?: Draft['unit'];
  cron?: string;
  /** a moment (ISO 8601), so that it is the same in every zone */
  until?: string;
  spread?: string;
  by?: Draft['probes'];
  probes?: string[];
  count?: string;
  tags?: string;
  countries?: string;
  connected?: boolean;
  uptime?: string;
  visibility?: Draft['visibility'];
}

/** @returns what of an address makes sense to the form */
export function draftSearchOf(search: Search): DraftSearch {
  const params = Object.entries(search['params'] ?? {}).flatMap(([name, value]) => {
    const said = text(value);
    return said === undefined ? [] : [[name, said] as const];
  });
  const until = text(search['until']);
  return known({
    ...{ kind: word(search['kind'], KINDS), to: longText(search['to']) },
    params: params.length === 0 ? undefined : Object.fromEntries(params),
    ...{ schedule: word(search['schedule'], SCHEDULES), every: text(search['every']) },
    ...{ unit: word(search['unit'], UNITS), cron: text(search['cron']), spread: text(search['spread']) },
    until: until === undefined || Number.isNaN(Date.parse(until)) ? undefined : until,
    ...{ by: word(search['by'], WAYS), probes: list(search['probes']), count: text(search['count']) },
    ...{ tags: text(search['tags']), countries: text(search['countries']), uptime: text(search['uptime']) },
    ...{ connected: flag(search['connected']), visibility: word(search['visibility'], VISIBILITIES) },
  }) as DraftSearch;
}

/** @returns the form that an address describes; what it leaves out is as usual, and ends in a day */
export function draftOf({ to, probes, by, until, ...said }: DraftSearch): Draft {
  return {
    ...{ ...USUAL, ...known(said) },
    destinations: to ?? '',
    until: localInput(until === undefined ? serverNow() + DAY_MS : Date.parse(until)),
    probes: by ?? (probes === undefined ? 'rule' : 'list'),
    chosen: probes ?? [],
  };
}

/** @returns the address of a form: draftOf() of it is the same form */
export function searchOf({ destinations, until, chosen, probes, params, ...draft }: Draft): DraftSearch {
  const given = Object.entries(params).filter(([, value]) => value !== '');
  const others = Object.entries(draft).filter(([name, value]) => value !== USUAL[name as keyof Draft]);
  const usual = chosen.length === 0 ? 'rule' : 'list';
  return known({
    ...(Object.fromEntries(others) as Partial<Omit<DraftSearch, 'to'>>),
    to: destinations === '' ? undefined : destinations,
    params: given.length === 0 ? undefined : Object.fromEntries(given),
    until: draft.schedule === 'once' || until === '' ? undefined : new Date(until).toISOString(),
    by: probes === usual ? undefined : probes,
    probes: chosen.length === 0 ? undefined : [...chosen],
  }) as DraftSearch;
}

/** @returns a moment as `datetime-local` has it, in the reader's zone */
function localInput(time: number): string {
  const date = new Date(time);
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
