import type { ApiProblem } from '../../api/problem.js';
import { advanced, destinationsIn, type Draft, placesOf } from './request.js';

/** What is wrong with a field of the form, in the words of the form. */
export interface Mistake {
  /** the member of the request, without what stands below it: "select.count" */
  field: string;
  label: string;
  /** goes on behind the label */
  message: string;
}

/** Members of a request that have a field, by the name that this has in the form. */
const LABELS: Record<string, string> = {
  'schedule.every_s': 'Every',
  'schedule.stop': 'Until',
  'schedule.cron': 'Crontab line',
  'schedule.spread_s': 'Spread, seconds',
  'select.count': 'How many',
  'select.tags': 'With tags',
  'select.countries': 'In countries',
  'select.min_uptime': 'Uptime at least, %',
  probes: 'Probes',
};
export const DESTINATIONS = 'params';

/** @returns what the API found wrong with a draft, each once */
export function mistakesOf(problem: ApiProblem | undefined, draft: Draft): Mistake[] {
  const all = (problem?.errors ?? []).map(({ field, message }) => mistakeOf(field, message, draft));
  return [...new Map(all.map((each) => [`${each.field} ${each.message}`, each])).values()];
}

/** @returns of the mistakes of a field the first, as fields show it */
export function mistakeAt(mistakes: readonly Mistake[], field: string): string | undefined {
  return mistakes.find((each) => each.field === field)?.message;
}

/** @returns all of them, one behind the other: where a field has several things in it */
export function allAt(mistakes: readonly Mistake[], field: string): string | undefined {
  const found = mistakes.filter((each) => each.field === field).map(({ message }) => message);
  return found.length === 0 ? undefined : found.join('; ');
}

function mistakeOf(field: string, message: string, draft: Draft): Mistake {
  const param = advanced(draft.kind).find(({ name }) => isWithin(field, `params.${name}`));
  if (param !== undefined) return { field: `params.${param.name}`, label: param.name, message };
  if (isWithin(field, DESTINATIONS))
    return { field: DESTINATIONS, label: 'Destinations', message: ofDestination(field, message, draft) };
  const known = Object.keys(LABELS).find((name) => isWithin(field, name));
  if (known === undefined) return { field, label: field, message };
  return { field: known, label: LABELS[known] ?? known, message: inWords(known, message, draft) };
}

function isWithin(field: string, name: string): boolean {
  return field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`);
}

/** What the API says in units and names of its own. */
function inWords(field: string, message: string, { until, chosen, probes }: Draft): string {
  if (field === 'schedule.stop')
    return until === ''
      ? 'must be given'
      : message.replace(/^must be after schedule\.start.*/, 'must lie ahead');
  if (field === 'select.min_uptime') return 'must be a number from 0 to 100';
  if (field === 'probes' && probes !== 'rule' && chosen.length === 0) return 'must be chosen: one at least';
  return message;
}

/** The API counts in lists of its own: the form shows the destination that is meant. */
function ofDestination(field: string, message: string, draft: Draft): string {
  if (destinationsIn(draft.destinations).length === 0) return 'must not be empty';
  const [, list = '', at] = /^params\.(\w+)(?:[.[](\d+))?/.exec(field) ?? [];
  const position = at ?? /\(wrong at position (\d+)/.exec(message)?.[1];
  const meant = (placesOf(draft) as Record<string, string[] | undefined>)[list]?.[Number(position)];
  const plain = message.replace(/\s*\(wrong at position[^)]*\)/, '');
  return meant === undefined ? plain : `${plain}; “${meant}” is none`;
}
