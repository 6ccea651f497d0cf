import { serverNow } from '../api/clock.js';
import type { Operation } from '../api/queries.js';
import { counted, every, spoken } from '../ui/format.js';

/** @returns what an operation measures, as it was asked for */
export function destinationsOf({ params }: Pick<Operation, 'params'>): string[] {
  const given = params as { ips?: string[]; fqdns?: string[]; urls?: string[]; name?: string[]; x?: string };
  const { ips = [], fqdns = [], urls = [], name = [], x } = given;
  return [...ips, ...fqdns, ...urls, ...name, ...(x === undefined ? [] : [x])];
}

/** @returns its name in lists and headings: its description, or else its kind and target */
export function titleOf(operation: Pick<Operation, 'kind' | 'params' | 'description'>): string {
  return operation.description ?? measuredBy(operation);
}

/** @returns its kind and target */
export function measuredBy(operation: Pick<Operation, 'kind' | 'params'>): string {
  const [first, ...others] = destinationsOf(operation);
  // what a file brought has no parameters
  if (first === undefined) return `imported ${operation.kind}`;
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'other')}`;
  return `${operation.kind} ${first}${more}`;
}

/** @returns its schedule in words: "every 5 minutes until Friday 2026-12-04 18:00 UTC" */
export function scheduleWords({ schedule }: Pick<Operation, 'schedule'>): string {
  if (schedule.type === 'once') return schedule.at === undefined ? 'once' : `once, ${spoken(schedule.at)}`;
  const later = schedule.start !== undefined && Date.parse(schedule.start) > serverNow();
  const from = later && schedule.start !== undefined ? ` from ${spoken(schedule.start)}` : '';
  const rhythm =
    schedule.type === 'interval' ? every(schedule.every_s) : `by the crontab line ${schedule.cron}`;
  return `${rhythm}${from} until ${spoken(schedule.stop)}`;
}
