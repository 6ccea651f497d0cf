import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Operation } from '../api/queries.js';
import { percent, whole } from '../ui/format.js';
import { State, Time } from '../ui/parts.js';
import { MissingRuns } from './missing.js';
import { destinationsOf, measuredBy, scheduleWords, titleOf } from './words.js';

export function OperationsTable({ items, label }: { items: readonly Operation[]; label: string }): ReactNode {
  return (
    <div className="scroll" role="group" aria-label={label} tabIndex={0}>
      <table className="lines">
        <thead>
          <tr>
            <th scope="col">Measurement</th>
            <th scope="col">State</th>
            <th scope="col">Schedule</th>
            <th scope="col" className="right">
              Probes
            </th>
            <th scope="col">Progress</th>
            <th scope="col" className="right">
              Missing runs
            </th>
            <th scope="col">Created</th>
          </tr>
        </thead>
        <tbody>
          {items.map((operation) => (
            <Row key={operation.id} operation={operation} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ operation }: { operation: Operation }): ReactNode {
  const { id, state, visibility, probe_count, progress, created_at, description, tags } = operation;
  // of what a file brought nothing was planned
  const planned = Math.max(operation.runs_per_probe * probe_count, progress.received);
  return (
    <tr>
      <th scope="row" className="name-cell">
        <Link to="/operations/$id" params={{ id }} title={destinationsOf(operation).slice(0, 20).join('\n')}>
          {shortened(titleOf(operation))}
        </Link>
        {visibility === 'private' && (
          <>
            {' '}
            <span className="tag">private</span>
          </>
        )}
        {tags.map((tag) => (
          <span className="tag own" key={tag}>
            {tag}
          </span>
        ))}
        {description !== null && <div className="small muted">{measuredBy(operation)}</div>}
      </th>
      <td>
        <State state={state} />
      </td>
      <td className="small words">{scheduleWords(operation)}</td>
      <td className="right">{whole(probe_count)}</td>
      <td>
        <Progress done={progress.received} of={planned} />
      </td>
      <td className="right">
        <MissingRuns id={id} />
      </td>
      <td className="small">
        <Time at={created_at} />
      </td>
    </tr>
  );
}

const LONGEST = 120;

/** A description may have 255 characters: a row of a list shows its begin. */
function shortened(title: string): string {
  return title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title;
}

/** How many of how many: as a bar, and in figures. */
export function Progress({ done, of }: { done: number; of: number }): ReactNode {
  const share = of === 0 ? 0 : Math.min(1, done / of);
  return (
    <div className="progress">
      <span className="bar thin" aria-hidden="true">
        {done > 0 && <span style={{ width: `${share * 100}%`, background: 'var(--fate-received)' }} />}
      </span>
      <span className="small nowrap">
        {whole(done)} of {whole(of)} <span className="muted">({percent(share, 0)})</span>
      </span>
    </div>
  );
}
