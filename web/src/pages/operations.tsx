import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { KINDS } from '../../generated/kinds.js';
import { operations, SOON_MS } from '../api/queries.js';
import { OperationsTable } from '../operation/table.js';
import { known } from '../address/search.js';
import { useSettled } from '../ui/settled.js';
import { useToken } from '../session/session.js';
import { useWhenIdle } from '../ui/idle.js';
import { More } from '../ui/more.js';
import { FilterForm, orAll } from '../ui/filters.js';
import { SelectField, TextField } from '../ui/inputs.js';
import { Empty, Head, Loaded } from '../ui/parts.js';

const route = getRouteApi('/operations');
const STATES = ['scheduled', 'running', 'stopped', 'done'] as const;
/** of a text that the API looks for */
const LONGEST = 254;

/** Where the rows of the list lead. */
const loadOperation = () => import('./operation.js');

export function OperationsPage(): ReactNode {
  useWhenIdle(loadOperation);
  const search = route.useSearch();
  const token = useToken();
  const settled = useSettled(search.text?.trim().slice(0, LONGEST) || undefined);
  const query = useInfiniteQuery({
    ...operations({
      limit: 50,
      ...(search.kind !== undefined && { kind: search.kind }),
      ...(search.whose === 'mine' && token !== undefined && { mine: true }),
      ...(search.whose === 'public' && { visibility: 'public' as const }),
      ...(search.state !== undefined && { state: search.state }),
      ...(settled !== undefined && { q: settled }),
    }),
    refetchInterval: SOON_MS,
  });
  return (
    <>
      <Head title="Operations">
        <Link to="/imports" className="button">
          Imports
        </Link>
        <Link to="/operations/new" className="button primary">
          New measurement
        </Link>
      </Head>
      <section className="panel" aria-label="Operations">
        <header>
          <Filters />
        </header>
        <Loaded query={query} lines={10}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            if (items.length === 0 && !query.hasNextPage)
              return <None filtered={Object.values(search).some(Boolean)} />;
            return (
              <>
                {items.length > 0 && <OperationsTable items={items} label="Table of operations" />}
                {items.length === 0 && <Empty title="None of those looked at so far matches." />}
                <More query={query} />
              </>
            );
          }}
        </Loaded>
      </section>
    </>
  );
}

function None({ filtered }: { filtered: boolean }): ReactNode {
  if (filtered)
    return (
      <Empty title="No measurement matches these filters.">
        <p>
          <Link to="/operations" search={{}}>
            Show all
          </Link>
        </p>
      </Empty>
    );
  return (
    <Empty title="No measurement yet.">
      <p>Say what to measure, from where, and how often.</p>
      <p>
        <Link to="/operations/new" className="button primary">
          New measurement
        </Link>
      </p>
    </Empty>
  );
}

function Filters(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const token = useToken();
  const set = (change: { [Name in keyof typeof search]?: (typeof search)[Name] | undefined }): void => {
    void navigate({ search: known({ ...search, ...change }), replace: true });
  };
  return (
    <FilterForm>
      <TextField
        label="Text"
        wide
        type="search"
        placeholder="description, destination, tag, id or number"
        value={search.text ?? ''}
        onText={(text) => set({ text: text || undefined })}
      />
      <SelectField
        label="Whose"
        value={search.whose ?? ''}
        onText={(text) => set({ whose: (text || undefined) as typeof search.whose })}
        options={[
          ['', 'all that I may see'],
          ...(token === undefined ? [] : [['mine', 'mine'] as const]),
          ['public', 'public'],
        ]}
      />
      <SelectField
        label="Kind"
        value={search.kind ?? ''}
        onText={(text) => set({ kind: (text || undefined) as typeof search.kind })}
        options={orAll(KINDS)}
      />
      <SelectField
        label="State"
        value={search.state ?? ''}
        onText={(text) => set({ state: (text || undefined) as typeof search.state })}
        options={orAll(STATES)}
      />
    </FilterForm>
  );
}
