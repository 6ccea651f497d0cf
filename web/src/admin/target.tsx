import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { known } from '../search.js';
import { counted, whole } from '../ui/format.js';
import { TextField } from '../ui/inputs.js';
import { Button, Loaded, Panel } from '../ui/parts.js';

const route = getRouteApi('/admin');

/** What strikes a target now, over all users. */
export function Target(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search.target ?? '');
  const { target } = search;
  const query = useQuery({
    queryKey: ['target', target],
    enabled: target !== undefined,
    retry: false,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/targets', { params: { query: { address: target ?? '' } }, signal })),
  });
  return (
    <Panel title="Load on a target">
      <div className="stack">
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ search: known({ ...search, target: typed.trim() || undefined }) });
          }}
        >
          <TextField label="Address or name" value={typed} onText={setTyped} />
          <Button type="submit">Look up</Button>
        </form>
        {target !== undefined && (
          <Loaded query={query} lines={3}>
            {(found) => <Load found={found} />}
          </Loaded>
        )}
      </div>
    </Panel>
  );
}

function Load({
  found: { target, operations, limits, strongest },
}: {
  found: Schemas['TargetDto'];
}): ReactNode {
  return (
    <>
      <p>
        <span className="mono">{target}</span>: {counted(operations, 'live operation')}
        {limits.map(
          ({ bound, used, limit }) =>
            ` · ${bound.replace('target_', '').replaceAll('_', ' ')} ${whole(used)} of ${limit === null ? 'any' : whole(limit)}`,
        )}
      </p>
      <ul>
        {strongest.map(({ operation_id, probes, packets_per_s }) => (
          <li key={operation_id}>
            <Link to="/operations/$id" params={{ id: operation_id }} search={{}} className="mono">
              {operation_id}
            </Link>{' '}
            {counted(probes, 'probe')}, {whole(packets_per_s)} packets/s
          </li>
        ))}
      </ul>
    </>
  );
}
