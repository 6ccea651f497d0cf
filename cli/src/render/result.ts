import { type Result } from '../api/client.js';
import { type Decoded, decodedOf, takeFirst } from './decoded.js';
import { dnsLines } from './dns.js';
import { httpLines, ntpLine, tlsLines } from './handshakes.js';
import { mtrLines } from './mtr.js';
import { pingRow, pingTitles } from './ping.js';
import { safeDeep } from '../terminal/safe.js';
import { count } from './text.js';
import { traceLines } from './traceroute.js';
import { type Entry, headOf, type View } from './view.js';

export type Shown = Pick<Result, 'summary' | 'failure' | 'decode_error' | 'decoded'>;

/** The line that stands once above all results of a kind, if it has one. */
export function titlesOf(kind: string, withTime: boolean): string | undefined {
  return kind === 'ping' ? pingTitles(withTime) : undefined;
}

/** A result as people read it: safe for a terminal, whoever wrote what is in it. */
export function resultLines(given: Shown, view: View): string[] {
  const result = safeDeep(given);
  const { colours } = view;
  if (result.failure !== null)
    return [`${headOf(view)}: ${colours.red(`failed (${result.failure.reason})`)}: ${result.failure.detail}`];
  const records = decodedOf(result);
  const lines = (result.summary ?? []).flatMap((entry) => entryLines(entry, records, view));
  if (result.decode_error !== null)
    lines.push(`${headOf(view)}: ${colours.red('cannot be decoded')}: ${result.decode_error}`);
  return lines.length > 0 ? lines : [`${headOf(view)}: a result without figures`];
}

/** @param records what the raw bytes say; the record of this entry is taken out */
function entryLines(entry: Entry, records: Decoded[], view: View): string[] {
  if ('started_at' in entry) return [recordLine(entry, view)];
  if ('hops' in entry) return mtrLines(entry, view);
  if ('rtt_avg_ms' in entry) {
    return [
      pingRow(
        entry,
        takeFirst(records, ({ type, dst }) => type === 'ping' && dst === entry.dst),
        view,
      ),
    ];
  }
  if ('path' in entry)
    return traceLines(
      entry,
      takeFirst(records, ({ type, dst }) => type === 'trace' && dst === entry.dst),
      view,
    );
  if ('resolver' in entry)
    return dnsLines(
      entry,
      takeFirst(records, ({ name, resolver }) => name === entry.name && resolver === entry.resolver),
      view,
    );
  if ('url' in entry)
    return httpLines(
      entry,
      takeFirst(records, ({ url }) => url === entry.url),
      view,
    );
  if ('handshake_ms' in entry)
    return tlsLines(
      entry,
      takeFirst(
        records,
        ({ destination, address }) => destination === entry.destination && address === entry.address,
      ),
      view,
    );
  if ('offset_ms' in entry) return [ntpLine(entry, view)];
  return [otherLine(entry, view)];
}

type Imported = Extract<Entry, { started_at: unknown }>;

/** A record that a file of scamper brought, and that is of none of the kinds: its figures by their names. */
function recordLine({ type, src, dst, started_at: _at, error, ...figures }: Imported, view: View): string {
  const known = Object.entries(figures).filter(([, value]) => value !== null && typeof value !== 'object');
  const words = known.map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`);
  if (error !== null) words.push(view.colours.red(error));
  return `${headOf(view)}: ${type} ${dst ?? src ?? ''}: ${words.join(', ')}`;
}

type Other = Exclude<
  Entry,
  | { started_at: unknown }
  | { hops: unknown }
  | { rtt_avg_ms: unknown }
  | { path: unknown }
  | { resolver: unknown }
  | { url: unknown }
  | { handshake_ms: unknown }
  | { offset_ms: unknown }
>;

/** Nothing was measured, or what came cannot be read. */
function otherLine(entry: Other, view: View): string {
  const what = 'destination' in entry ? `${entry.destination}: ` : '';
  // a text, never null: a kind whose figures are shown nowhere above does not compile here
  const error: string = 'error' in entry ? entry.error : `dns ${String(entry.rcode)}`;
  return `${headOf(view)}: ${what}${view.colours.red(error)}`;
}

/** `3 results, 1 failed run, of 4`. */
export function totalsLine({
  received,
  failed,
  due,
}: {
  received: number;
  failed: number;
  due: number;
}): string {
  return `${count(received, 'result')}, ${count(failed, 'failed run')}, of ${count(due, 'run')}`;
}
