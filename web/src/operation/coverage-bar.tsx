import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { FATES } from '../../generated/texts.js';
import type { Coverage } from '../api/queries.js';
import { counted, percent, whole } from '../ui/format.js';

type Fates = Coverage['fates'];

export const fateName = (fate: string): string => fate.replaceAll('_', ' ');

/** One bar of what became of all runs that were due; the list beneath says the same in words. */
export function CoverageBar({ id, coverage }: { id: string; coverage: Coverage }): ReactNode {
  const { due, planned, upcoming, fates } = coverage;
  const present = (Object.keys(FATES) as (keyof Fates)[]).filter((fate) => fates[fate] > 0);
  const said = present.map((fate) => `${whole(fates[fate])} ${fateName(fate)}`).join(', ');
  return (
    <div>
      <p>
        <strong>{counted(due, 'run')}</strong> due so far of {whole(planned)}
        {upcoming > 0 && <span className="muted"> · {whole(upcoming)} still to come</span>}
        {coverage.extra > 0 && (
          <span className="muted"> · {counted(coverage.extra, 'report')} beyond the schedule</span>
        )}
      </p>
      <div className="bar" role="img" aria-label={`Fates of runs: ${said || 'none was due yet'}`}>
        {present.map((fate) => (
          <span
            key={fate}
            title={`${fateName(fate)}: ${whole(fates[fate])}`}
            style={{ flexGrow: fates[fate], background: `var(--fate-${fate})` }}
          />
        ))}
      </div>
      <ul className="legend-list">
        {present.map((fate) => (
          <li key={fate}>
            <i className="swatch" style={{ background: `var(--fate-${fate})` }} />
            <div>
              <Link
                to="/operations/$id"
                params={{ id }}
                search={(before) => ({ ...before, fate })}
                hash="results"
              >
                {fateName(fate)}
              </Link>{' '}
              <strong>{whole(fates[fate])}</strong>{' '}
              <span className="muted">{percent(fates[fate] / due)}</span>
              <div className="small muted">{sentence(fate, coverage)}</div>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

function sentence(fate: string, { failed_by_reason }: Coverage): string {
  const text = FATES[fate] ?? '';
  if (fate !== 'failed') return text;
  const reasons = Object.entries(failed_by_reason)
    .filter(([reason]) => reason !== 'refused')
    .map(([reason, count]) => `${whole(count)} ${reason}`);
  return reasons.length === 0 ? text : `The probe reported that it could not be done: ${reasons.join(', ')}.`;
}
