import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useProbeNames } from '../api/probe-names.js';
import { type Operation, operation, SOON_MS } from '../api/queries.js';
import { Figures } from '../operation/figures.js';
import { useLive } from '../operation/live.js';
import { titleOf } from '../operation/words.js';
import { known } from '../address/search.js';
import { Loaded, Problem } from '../ui/parts.js';

const route = getRouteApi('/embed/operations/$id');

/** The plot of a public measurement, for a frame in a page of others. */
export function EmbedPage(): ReactNode {
  const { id } = route.useParams();
  const query = useQuery({ ...operation(id), refetchInterval: SOON_MS * 6 });
  if (query.data === undefined && query.error !== null)
    return (
      <>
        <h1 className="visually-hidden">Measurement</h1>
        <Problem error={query.error} />
      </>
    );
  return <Loaded query={query}>{(data) => <Plot operation={data} />}</Loaded>;
}

function Plot({ operation: data }: { operation: Operation }): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = useProbeNames(data.id, data.probe_count);
  useLive(data.id);
  return (
    <>
      <h1 className="embed-title">
        <a href={`/app/operations/${data.id}`} target="_blank" rel="noopener">
          {titleOf(data)}
        </a>
      </h1>
      <Figures
        bare
        operation={data}
        names={names}
        search={search}
        set={(change) =>
          void navigate({ search: (before) => known({ ...before, ...change }), replace: true })
        }
      />
    </>
  );
}
