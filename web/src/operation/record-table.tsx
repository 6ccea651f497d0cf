import type { ReactNode } from 'react';
import { localTime, whole } from '../ui/format.js';
import { Scroll } from '../ui/table.js';

type Members = Record<string, unknown>;

const MOST_ROWS = 50;
const MOST_DEPTH = 3;
const LONGEST = 200;
/** What describes the file that a record came in. */
const ABOUT_THE_FILE = ['cycle-start', 'cycle-definition', 'cycle-stop', 'list'];

/** What the decoded records of a result say, as tables: their members by the names and units of the API. */
export function RecordTables({ decoded }: { decoded: unknown }): ReactNode {
  if (!Array.isArray(decoded)) return null;
  const records = (decoded as unknown[])
    .filter(isMembers)
    .filter(({ type }) => !ABOUT_THE_FILE.includes(String(type)));
  return records.slice(0, MOST_ROWS).map((record, index) => (
    <div className="stack tight" key={index}>
      <Facts members={record} title={titleOf(record)} depth={0} />
    </div>
  ));
}

function titleOf({ type, method }: Members): string {
  return typeof method === 'string' ? `${String(type)} (${method})` : String(type);
}

/** Single values first, then what there are several of. */
function Facts({ members, title, depth }: { members: Members; title: string; depth: number }): ReactNode {
  const single = Object.entries(members).filter(([, value]) => wordsOf(value) !== undefined);
  const several = Object.entries(members).filter(([, value]) => wordsOf(value) === undefined);
  return (
    <>
      {single.length > 0 && (
        <dl className="facts small" aria-label={title}>
          {single.map(([name, value]) => (
            <Fact key={name} name={name} value={wordsOf(value) ?? ''} />
          ))}
        </dl>
      )}
      {depth < MOST_DEPTH &&
        several.map(([name, value]) =>
          Array.isArray(value) ? (
            <Rows key={name} name={name} title={title} items={value as unknown[]} />
          ) : (
            <Facts key={name} members={value as Members} title={`${title}: ${name}`} depth={depth + 1} />
          ),
        )}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <>
      <dt>{spaced(name)}</dt>
      <dd className="mono">{value}</dd>
    </>
  );
}

function Rows({ name, title, items }: { name: string; title: string; items: readonly unknown[] }): ReactNode {
  const rows = items.slice(0, MOST_ROWS).map((item) => (isMembers(item) ? item : { [name]: item }));
  const heads = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <>
      <p className="small">
        <strong>{spaced(name)}</strong> <span className="muted">{whole(items.length)}</span>
        {items.length > MOST_ROWS && <span className="muted">, the first {MOST_ROWS}</span>}
      </p>
      <Scroll label={`${title}: ${spaced(name)}`}>
        <table className="lines small">
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {spaced(head)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {heads.map((head) => (
                  <td key={head} className="mono">
                    {wordsOf(row[head]) ?? shortened(JSON.stringify(row[head]))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const spaced = (name: string): string => name.replaceAll('_', ' ');
const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** @returns a value in words; undefined: it has several of its own */
function wordsOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'string') return value === '' ? '(empty)' : shortened(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object')) return undefined;
    return value.length === 0 ? 'none' : shortened(value.join(', '));
  }
  return timeOf(value as Members);
}

const YEAR_2000_S = 946_684_800;

/** Of seconds and microseconds: a time, or a length of time. */
function timeOf({ sec, usec, ...others }: Members): string | undefined {
  if (typeof sec !== 'number' || typeof usec !== 'number') return undefined;
  if (Object.keys(others).some((name) => name !== 'ftime')) return undefined;
  if (sec < YEAR_2000_S) return `${(sec * 1_000 + usec / 1_000).toFixed(3)} ms`;
  return `${localTime(sec * 1_000)}.${String(usec).padStart(6, '0')}`;
}
