import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { operations, SOON_MS, stats } from '../api/queries.js';
import { OperationsTable } from '../operation/table.js';
import { FirstRun } from '../ui/first-run.js';
import { whole } from '../ui/format.js';
import { Empty, Head, Loaded, Panel } from '../ui/parts.js';

export function OverviewPage(): ReactNode {
  const newest = useInfiniteQuery({ ...operations({ limit: 8 }), refetchInterval: SOON_MS });
  const activity = useQuery({ ...stats(), refetchInterval: SOON_MS });
  return (
    <div className="stack">
      <Head title="Overview" />
      <FirstRun />
      <Loaded query={activity} lines={2}>
        {({ minutes }) => (
          <dl className="figures">
            <div>
              <dt>Results in the last hour</dt>
              <dd>{whole(minutes.reduce((sum, { stored }) => sum + stored, 0))}</dd>
            </div>
          </dl>
        )}
      </Loaded>
      <Panel title="Newest operations" bare aside={<Link to="/operations">All operations</Link>}>
        <Loaded query={newest}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items).slice(0, 8);
            return items.length === 0 ? (
              <Empty title="No measurement yet.">
                <p>
                  <Link to="/operations/new" className="button primary">
                    New measurement
                  </Link>
                </p>
              </Empty>
            ) : (
              <OperationsTable items={items} label="Newest operations" />
            );
          }}
        </Loaded>
      </Panel>
    </div>
  );
}
