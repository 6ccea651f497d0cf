import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import type { ResultEvent } from '../api/events.js';
import type { Kind } from '../api/queries.js';
import { counted, ms, percent, whole } from '../ui/format.js';
import { saveFile } from '../ui/save-file.js';
import { Button, Empty, Loaded, Time } from '../ui/parts.js';
import { Scroll } from '../ui/table.js';
import { otherSentence } from './other-records.js';
import { RecordTables } from './record-table.js';

type Entry = Record<string, unknown>;

/** What a row shows, whether it came live or was asked for. */
export interface Row {
  id: string;
  probe_id: string;
  outcome: 'stored' | 'failed';
  received_at: string;
  scheduled_at: string | null;
  summary: readonly Entry[];
  failure: { reason: string; detail: string } | null;
}

export function rowOf(event: ResultEvent): Row {
  const { result_id, probe_id, outcome, received_at, scheduled_at, summary, failure } = event;
  return {
    id: result_id,
    probe_id,
    outcome,
    received_at,
    scheduled_at: scheduled_at ?? null,
    summary: summary ?? [],
    failure: failure ?? null,
  };
}

export function ResultsTable({
  rows,
  names,
}: {
  rows: readonly Row[];
  names: ReadonlyMap<string, string>;
}): ReactNode {
  if (rows.length === 0)
    return (
      <Empty title="No result yet.">
        <p>Each appears here the moment it is stored.</p>
      </Empty>
    );
  return (
    <Scroll label="Table of results" tall>
      <table className="lines">
        <thead>
          <tr>
            <th scope="col">Came</th>
            <th scope="col">Probe</th>
            <th scope="col">What it says</th>
            <th scope="col">
              <span className="visually-hidden">Details</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ResultRow key={row.id} row={row} name={names.get(row.probe_id) ?? row.probe_id} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function ResultRow({ row, name }: { row: Row; name: string }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      <tr>
        <td className="small">
          <Time at={row.received_at} />
        </td>
        <td className="name-cell">
          <Link to="/probes/$id" params={{ id: row.probe_id }}>
            {name}
          </Link>
        </td>
        <td className="name-cell said">
          {row.failure === null ? <Said summary={row.summary} /> : <Failed failure={row.failure} />}
        </td>
        <td className="right">
          <Button
            size="small"
            tone="plain"
            aria-expanded={open}
            aria-label={`${open ? 'Less' : 'More'}: the result of ${name}`}
            onClick={() => setOpen(!open)}
          >
            {open ? 'Less' : 'More'}
          </Button>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={4}>
            <div className="unfolded">
              <Decoded id={row.id} />
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

function Failed({ failure }: { failure: { reason: string; detail: string } }): ReactNode {
  return (
    <span>
      <strong>failed: {failure.reason}</strong> <span className="muted">{failure.detail}</span>
    </span>
  );
}

function Said({ summary }: { summary: readonly Entry[] }): ReactNode {
  if (summary.length === 0) return <span className="muted">nothing to summarise</span>;
  return (
    <ul>
      {summary.slice(0, 4).map((entry, index) => (
        <li key={index}>{sentenceOf(entry)}</li>
      ))}
      {summary.length > 4 && <li className="muted">and {whole(summary.length - 4)} more</li>}
    </ul>
  );
}

export const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** What `type` of an entry is, for each kind. */
type EntryType = Exclude<Kind, 'traceroute'> | 'trace';

/** What an entry says behind its target, by its type. */
const SENTENCES: Readonly<Record<EntryType, (entry: Entry) => string>> = {
  ping: (entry) =>
    `: ${text(entry['received'])} of ${text(entry['sent'])} answered, median ${ms(number(entry['rtt_median_ms']))}, loss ${percent(number(entry['loss']))}`,
  trace: (entry) => `: ${pathOf(entry)}, ${ms(number(entry['rtt_ms']))}`,
  mtr: (entry) =>
    `: ${pathOf(entry)}, mean ${ms(number(entry['rtt_avg_ms']))}, loss ${percent(number(entry['loss']))}`,
  dns: (entry) =>
    ` ${text(entry['qtype'])}: ${text(entry['rcode'])}, ${counted(number(entry['answers']) ?? 0, 'answer')}, ${ms(number(entry['rtt_ms']))}`,
  http: (entry) => `: ${text(entry['status'])}, ${ms(number(entry['total_ms']))}`,
  tls: (entry) =>
    `: ${text(entry['version'])}, certificate until ${text(entry['not_after']).slice(0, 10)}, ${ms(number(entry['handshake_ms']))}`,
  ntp: (entry) =>
    `: offset ${ms(number(entry['offset_ms']))} ± ${ms(number(entry['error_ms']))}, stratum ${text(entry['stratum'])}`,
};

function pathOf(entry: Entry): string {
  const count = number(entry['hop_count']);
  return `${entry['reached'] === true ? 'reached' : 'not reached'} in ${count === null ? '– hops' : counted(count, 'hop')}`;
}

/** @returns an entry of a summary in one line, with what its kind has */
export function sentenceOf(entry: Entry): string {
  const { error, type } = entry;
  const target = text(entry['dst'] ?? entry['destination'] ?? entry['url'] ?? entry['name']);
  if (typeof error === 'string' && error !== '') return `${target}: ${error}`;
  if (typeof type === 'string' && Object.hasOwn(SENTENCES, type))
    return target + SENTENCES[type as EntryType](entry);
  return otherSentence(entry) ?? target;
}

const MOST_SHOWN = 200_000;

/** What the probe sent, as the server reads it; text in all cases, whatever is in it. */
function Decoded({ id }: { id: string }): ReactNode {
  const query = useQuery({
    queryKey: ['result', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/results/{id}', { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });
  return (
    <Loaded query={query} lines={6}>
      {(result) => {
        const shown = JSON.stringify(result, null, 2);
        return (
          <>
            {result.format === 'warts' && <RecordTables decoded={result.decoded} />}
            <pre className="raw" tabIndex={0} role="region" aria-label="Decoded result">
              {shown.slice(0, MOST_SHOWN)}
            </pre>
            {shown.length > MOST_SHOWN && (
              <p className="small muted">Cut here: the whole of it is in the export.</p>
            )}
            {result.format !== null && <Raw id={id} format={result.format} bytes={result.raw_bytes} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Raw({ id, format, bytes }: { id: string; format: string; bytes: number }): ReactNode {
  const [failed, setFailed] = useState(false);
  const load = async (): Promise<void> => {
    try {
      const blob = await answer(
        api.GET('/api/v1/results/{id}/raw', { params: { path: { id } }, parseAs: 'blob' }),
      );
      saveFile(blob, `${id}.${format === 'gzip' ? 'txt.gz' : format}`);
    } catch {
      setFailed(true);
    }
  };
  return (
    <p className="small">
      <Button size="small" onClick={() => void load()}>
        Save the raw bytes ({whole(bytes)} of {format})
      </Button>
      {failed && <span className="wrong"> They could not be loaded.</span>}
    </p>
  );
}
