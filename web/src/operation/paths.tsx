import type { ReactNode } from 'react';
import { ms, percent, whole } from '../ui/format.js';
import { Empty, Panel, Time } from '../ui/parts.js';
import { lineColour } from '../plots/palette.js';
import { useDark } from '../ui/scheme.js';
import { type Row, text } from './results.js';

interface Trace {
  row: Row;
  dst: string;
  hash: string;
  path: readonly (string | null)[];
  reached: boolean;
  rtt: number | null;
  /** of an mtr: what it says of each hop */
  hops: readonly Entry[];
}

type Entry = Record<string, unknown>;

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** Loss and round-trip times of one hop of an mtr; nothing of a traceroute, which has none. */
function HopFigures({ hop }: { hop: Entry | undefined }): ReactNode {
  if (hop === undefined) return null;
  const { loss, rtt_avg_ms, rtt_max_ms } = hop;
  return (
    <span className="muted">
      {' '}
      loss {percent(numberIn(loss))}
      {numberIn(rtt_avg_ms) !== null &&
        `, mean ${ms(numberIn(rtt_avg_ms))}, at most ${ms(numberIn(rtt_max_ms))}`}
    </span>
  );
}

function tracesOf(rows: readonly Row[]): Trace[] {
  return rows.flatMap((row) =>
    row.summary
      .filter(({ type }) => type === 'trace' || type === 'mtr')
      .map((entry) => ({
        row,
        dst: text(entry['dst'] ?? entry['destination']),
        hash: text(entry['path_hash']),
        path: Array.isArray(entry['path']) ? (entry['path'] as (string | null)[]) : [],
        reached: entry['reached'] === true,
        rtt: numberIn(entry['rtt_ms'] ?? entry['rtt_avg_ms']),
        hops: Array.isArray(entry['hops']) ? (entry['hops'] as Entry[]) : [],
      })),
  );
}

/** Which ways the newest traces took: each way once, with where it differs from the one before it. */
export function Paths({
  rows,
  names,
}: {
  rows: readonly Row[];
  names: ReadonlyMap<string, string>;
}): ReactNode {
  const dark = useDark();
  const traces = tracesOf(rows);
  const hashes = [...new Set(traces.map(({ hash }) => hash))];
  const groups = Map.groupBy(traces, ({ row, dst }) => `${row.probe_id} ${dst}`);
  return (
    <Panel title="Paths" bare>
      {traces.length === 0 ? (
        <Empty title="No path yet." />
      ) : (
        [...groups.values()].map((own) => {
          const [newest] = own;
          if (newest === undefined) return null;
          const { row, dst, path, reached, rtt, hops } = newest;
          const before = own.find(({ hash }) => hash !== newest.hash)?.path;
          return (
            <div className="in" key={`${row.probe_id} ${dst}`}>
              <h3>
                {names.get(row.probe_id) ?? row.probe_id} to {dst}
              </h3>
              <p className="small muted">
                {reached ? 'reached' : 'not reached'}, {ms(rtt)}, <Time at={row.received_at} /> ·{' '}
                {whole(new Set(own.map(({ hash }) => hash)).size)} different in the newest {whole(own.length)}
              </p>
              <div
                className="path-strip"
                role="img"
                aria-label={`Paths of the newest ${own.length} traces, oldest first: a change of colour is a change of the path`}
              >
                {[...own].reverse().map((trace) => (
                  <span
                    key={`${trace.row.id} ${trace.dst}`}
                    title={`${trace.row.received_at}: path ${trace.hash.slice(0, 8)}`}
                    style={{ background: lineColour(hashes.indexOf(trace.hash), dark) }}
                  />
                ))}
              </div>
              <ol className="hops mono">
                {path.map((hop, index) => (
                  <li key={index} className={before !== undefined && before[index] !== hop ? 'changed' : ''}>
                    <span className="muted">{String(index + 1).padStart(2)}</span> {hop ?? '*'}
                    {hop === null && <span className="muted"> no answer</span>}
                    <HopFigures hop={hops[index]} />
                    {before !== undefined && before[index] !== hop && (
                      <span className="muted"> (was {before[index] ?? '*'})</span>
                    )}
                  </li>
                ))}
              </ol>
            </div>
          );
        })
      )}
    </Panel>
  );
}

/** Who answered what last, a group for each answer. */
export function Answers({
  rows,
  names,
}: {
  rows: readonly Row[];
  names: ReadonlyMap<string, string>;
}): ReactNode {
  const newest = new Map<string, { row: Row; entry: Record<string, unknown> }>();
  for (const row of rows)
    for (const entry of row.summary) {
      const key = `${row.probe_id} ${text(entry['name'])} ${text(entry['qtype'])}`;
      if (!newest.has(key)) newest.set(key, { row, entry });
    }
  const groups = Map.groupBy(
    newest.values(),
    ({ entry }) =>
      `${text(entry['name'])} ${text(entry['qtype'])}: ${text(entry['rcode'] ?? entry['error'])}, ${text(entry['answers'] ?? 0)} answers`,
  );
  return (
    <Panel title="Answers" bare>
      {groups.size === 0 ? (
        <Empty title="No answer yet." />
      ) : (
        <div className="scroll" role="region" aria-label="Table of answers" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Answer</th>
                <th scope="col" className="right">
                  Probes
                </th>
                <th scope="col">Which, with response time</th>
              </tr>
            </thead>
            <tbody>
              {[...groups].map(([said, own]) => (
                <tr key={said}>
                  <th scope="row" className="name-cell">
                    {said}
                  </th>
                  <td className="right">{whole(own.length)}</td>
                  <td className="small">
                    {own
                      .slice(0, 12)
                      .map(
                        ({ row, entry }) =>
                          `${names.get(row.probe_id) ?? row.probe_id} ${ms(typeof entry['rtt_ms'] === 'number' ? entry['rtt_ms'] : null)}`,
                      )
                      .join(', ')}
                    {own.length > 12 && ` and ${whole(own.length - 12)} more`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
