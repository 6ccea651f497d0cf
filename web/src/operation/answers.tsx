import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { serverNow } from '../api/clock.js';
import { latest, type Latest, type Operation } from '../api/queries.js';
import { counted, ms, whole } from '../ui/format.js';
import { Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';
import { text } from './results.js';

type Entry = Record<string, unknown>;

/** The newest of each probe that said the same of the same. */
interface Group {
  said: string;
  about: string;
  of: readonly Latest[];
}

interface Kind {
  title: string;
  said: (entry: Entry) => string;
  /** what it is an answer to, and what of it is the same in a group as well */
  about: (entry: Entry) => string;
  time: string;
  /** what differs from probe to probe, though they say the same */
  own?: (entry: Entry) => string;
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
        data.length === 0 ? counted(number(entry['answers']) ?? 0, 'answer') : data.toSorted().join(', ');
      return `${text(entry['rcode'] ?? entry['error'])}: ${records}`;
    },
    about: (entry) => `${text(entry['name'])} ${text(entry['qtype'])}`,
    time: 'rtt_ms',
  },
  http: {
    title: 'Answers',
    said: (entry) => (entry['status'] === null ? text(entry['error']) : `status ${text(entry['status'])}`),
    about: (entry) => text(entry['url']),
    time: 'total_ms',
  },
  tls: {
    title: 'Answers',
    said: (entry) =>
      entry['fingerprint_sha256'] === null
        ? text(entry['error'])
        : `${text(entry['subject'])}, by ${text(entry['issuer'])}, ${expiryOf(entry['not_after'])}`,
    about: (entry) =>
      [
        text(entry['destination']),
        ...(entry['fingerprint_sha256'] === null
          ? []
          : [
              trustOf(entry),
              ...(number(entry['chain_length']) === null
                ? []
                : [`chain of ${counted(number(entry['chain_length']) ?? 0, 'certificate')}`]),
              text(entry['version']),
              `SHA-256 ${text(entry['fingerprint_sha256']).slice(0, 16)}…`,
            ]),
      ].join(' · '),
    time: 'handshake_ms',
  },
  ntp: {
    title: 'Answers',
    said: (entry) =>
      entry['stratum'] === null
        ? text(entry['error'])
        : `stratum ${text(entry['stratum'])}, reference ${text(entry['reference_id'])}`,
    about: (entry) => text(entry['destination']),
    time: 'delay_ms',
    own: (entry) => `offset ${offsetOf(entry)}`,
  },
  mtr: null,
  warts: null,
};

function expiryOf(value: unknown): string {
  if (typeof value !== 'string') return 'without an end';
  const days = Math.floor((Date.parse(value) - serverNow()) / DAY_MS);
  return days < 0 ? `expired ${counted(-days, 'day')} ago` : `expires in ${counted(days, 'day')}`;
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
              keyOf={({ said, about }) => `${said} ${about}`}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function groupsOf(items: readonly Latest[], { said, about }: Kind): Group[] {
  const told = items.flatMap((item) =>
    item.summary === null
      ? []
      : [{ item, said: said(item.summary as Entry), about: about(item.summary as Entry) }],
  );
  const groups = Map.groupBy(told, (each) => `${each.about}\n${each.said}`);
  return [...groups.values()]
    .flatMap((group) => (group[0] ? [{ ...group[0], of: group.map(({ item }) => item) }] : []))
    .sort((a, b) => b.of.length - a.of.length);
}

function columnsOf({ time, own }: Kind, names: ReadonlyMap<string, string>): readonly Column<Group>[] {
  return [
    {
      head: 'What they say',
      names: true,
      cell: ({ said, about }) => (
        <>
          {said} <div className="small muted">{about}</div>
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
              {ms(number((summary as Entry | null)?.[time]))}
              {own !== undefined && summary !== null && `, ${own(summary as Entry)}`}{' '}
              <Time at={received_at} />
            </li>
          ))}
          {of.length > 12 && <li className="muted">and {whole(of.length - 12)} more</li>}
        </ul>
      ),
    },
  ];
}
