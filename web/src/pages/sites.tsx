import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { sites } from '../api/queries.js';
import { known } from '../address/search.js';
import { useToken } from '../session/session.js';
import { type Site, SiteForm } from '../sites/form.js';
import { Dialog } from '../ui/dialog.js';
import { whole } from '../ui/format.js';
import { FilterForm } from '../ui/filters.js';
import { CheckBox, TextField } from '../ui/inputs.js';
import { More } from '../ui/more.js';
import { Button, Empty, Head, Loaded } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

const route = getRouteApi('/sites');

export function SitesPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const token = useToken();
  const { mine, country } = search;
  const query = useInfiniteQuery(
    sites({
      limit: 100,
      ...(mine === true && token !== undefined && { mine }),
      ...(country !== undefined && { country: [country] }),
    }),
  );
  const set = (change: Record<string, unknown>): void => {
    void navigate({ search: known({ ...search, ...change }), replace: true });
  };
  return (
    <>
      <Head title="Sites" sub="Places that hold probes: whom to ask, where they are, what stands there.">
        {token !== undefined && <NewSite />}
      </Head>
      <section className="panel" aria-label="Sites">
        <header>
          <FilterForm>
            <TextField
              label="Country"
              hint="two letters: AR"
              value={country ?? ''}
              onText={(text) => set({ country: /^[a-z]{2}$/i.test(text) ? text.toUpperCase() : undefined })}
            />
            {token !== undefined && (
              <CheckBox
                label="Mine"
                checked={mine === true}
                onCheck={(on) => set({ mine: on || undefined })}
              />
            )}
          </FilterForm>
        </header>
        <Loaded query={query}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <Empty title={mine === true || country !== undefined ? 'No site matches.' : 'No site yet.'}>
                <p>A site says where probes stand, and whom to ask when one of them is gone.</p>
              </Empty>
            ) : (
              <>
                <DataTable
                  label="Table of sites"
                  columns={COLUMNS}
                  items={items}
                  keyOf={({ name }) => name}
                />
                <More query={query} />
              </>
            );
          }}
        </Loaded>
      </section>
    </>
  );
}

const COLUMNS: readonly Column<Site>[] = [
  {
    head: 'Name',
    names: true,
    cell: ({ name }) => (
      <Link to="/sites/$name" params={{ name }}>
        {name}
      </Link>
    ),
  },
  {
    head: 'Place',
    cell: ({ address }) => [address?.region, address?.country].filter(Boolean).join(', ') || '–',
  },
  { head: 'Contact', cell: ({ contact }) => contact ?? <span className="muted">for its owner</span> },
  { head: 'Instruments', right: true, cell: ({ instruments }) => whole(instruments) },
];

function NewSite(): ReactNode {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  return (
    <>
      <Button tone="primary" onClick={() => setOpen(true)}>
        New site
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="New site">
        <SiteForm
          onCancel={() => setOpen(false)}
          onDone={({ name }) => navigate({ to: '/sites/$name', params: { name } })}
        />
      </Dialog>
    </>
  );
}
