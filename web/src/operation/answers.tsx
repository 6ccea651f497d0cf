import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { serverNow } from '../api/clock.js';
import { latest, type Latest, type Operation } from '../api/queries.js';
import { ms, whole } from '../ui/format.js';
import { Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';
import { text } from './results.js';

type Entry = Record<string, unknown>;

/** The newest of each probe that said the same. */
interface Group {
  said: string;
  more: string;
  of: readonly Latest[];
}

interface Kind {
  title: string;
  /** what is the same in a group */
  said: (entry: Entry) => string;
  more?: (entry: Entry) => string;
  time: string;
}

const DAY_MS = 86_400_000;

/** What can be told apart of the newest results, by kind; null: nothing, a plot or a path shows them. */
const KINDS: Readonly<Record<Operation['kind'], Kind | null>> = {
  ping: null,
  traceroute: null,
  dns: {
    title: 'Answers',
    said: (entry) => {
      const data = Array.isArray(entry['answer_data']) ? (entry['answer_data'] as string[]) : [];
      const records =
        data.length === 0 ? `${text(entry['answers'] ?? 0)} answers` : data.toSorted().join(', ');
      return `${text(entry['rcode'] ?? entry['error'])}: ${records}`;
    },
    more: (entry) => `${text(entry['name'])} ${text(entry['qtype'])}`,
    time: 'rtt_ms',
  },
  http: {
    title: 'Answers',
    said: (entry) => (entry['status'] === null ? text(entry['error']) : `status ${text(entry['status'])}`),
    more: (entry) => text(entry['url']),
    time: 'total_ms',
  },
  tls: {
    title: 'Answers',
    said: (entry) =>
      entry['fingerprint_sha256'] === null
        ? text(entry['error'])
        : `${text(entry['subject'])}, by ${text(entry['issuer'])}, ${expiryOf(entry['not_after'])}`,
    more: (entry) =>
      [
        trustOf(entry),
        `chain of ${text(entry['chain_length'])}`,
        text(entry['version']),
        `SHA-256 ${text(entry['fingerprint_sha256']).slice(0, 16)}…`,
      ].join(' · '),
    time: 'handshake_ms',
  },
  ntp: {
    title: 'Answers',
    said: (entry) =>
      entry['stratum'] === null
        ? text(entry['error'])
        : `stratum ${text(entry['stratum'])}, reference ${text(entry['reference_id'])}`,
    more: (entry) => `${text(entry['destination'])}, offset ${offsetOf(entry)}`,
    time: 'delay_ms',
  },
  mtr: null,
  warts: null,
};

function expiryOf(value: unknown): string {
  if (typeof value !== 'string') return 'without an end';
  const days = Math.floor((Date.parse(value) - serverNow()) / DAY_MS);
  return days < 0 ? `expired ${whole(-days)} days ago` : `expires in ${whole(days)} days`;
}

function trustOf(entry: Entry): string {
  if (entry['authorized'] === true) return 'trusted';
  return entry['authorized'] === false
    ? `not trusted: ${text(entry['authorization_error'])}`
    : 'trust not known';
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function offsetOf(entry: Entry): string {
  return `${ms(number(entry['offset_ms']))} ± ${ms(number(entry['error_ms']))}`;
}

/** Who says what now: a group for each answer, the rarer ones being those to look at. */
export function Answers({
  id,
  kind,
  names,
}: {
  id: string;
  kind: Operation['kind'];
  names: ReadonlyMap<string, string>;
}): ReactNode {
  const shape = KINDS[kind];
  const query = useQuery({ ...latest(id), enabled: shape !== null });
  if (shape === null) return null;
  return (
    <Panel
      title={shape.title}
      bare
      aside={<span className="small muted">the newest of each probe and destination</span>}
    >
      <Loaded query={query} lines={4}>
        {({ items }) => {
          const groups = groupsOf(items, shape);
          if (groups.length === 0)
            return (
              <Empty title="No answer yet.">
                <p>Each appears here the moment it is stored.</p>
              </Empty>
            );
          return (
            <DataTable
              label={`Table: ${shape.title}`}
              columns={columnsOf(shape, names)}
              items={groups}
              keyOf={({ said, more }) => `${said} ${more}`}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function groupsOf(items: readonly Latest[], { said, more }: Kind): Group[] {
  const stored = items.filter(({ summary }) => summary !== null);
  const groups = Map.groupBy(stored, ({ summary }) => said(summary as Entry));
  return [...groups]
    .map(([each, of]) => ({ said: each, more: more?.((of[0]?.summary ?? {}) as Entry) ?? '', of }))
    .sort((a, b) => b.of.length - a.of.length);
}

function columnsOf({ time }: Kind, names: ReadonlyMap<string, string>): readonly Column<Group>[] {
  return [
    {
      head: 'What they say',
      names: true,
      cell: ({ said, more }) => (
        <>
          {said} <div className="small muted">{more}</div>
        </>
      ),
    },
    {
      head: 'Probes',
      right: true,
      cell: ({ of }) => whole(new Set(of.map(({ probe_id }) => probe_id)).size),
    },
    {
      head: 'Which, how fast, when',
      className: 'small',
      cell: ({ of }) => (
        <ul className="links">
          {of.slice(0, 12).map(({ probe_id, result_id, destination, summary, received_at }) => (
            <li key={`${result_id} ${destination ?? ''}`}>
              <Link to="/probes/$id" params={{ id: probe_id }}>
                {names.get(probe_id) ?? probe_id}
              </Link>{' '}
              {ms(number((summary as Entry | null)?.[time]))} <Time at={received_at} />
            </li>
          ))}
          {of.length > 12 && <li className="muted">and {whole(of.length - 12)} more</li>}
        </ul>
      ),
    },
  ];
}
