import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { fileBody, Picture } from '../account/picture.js';
import { answer, api } from '../api/client.js';
import { me, site as siteQuery } from '../api/queries.js';
import { WorldMap } from '../map/world-map.js';
import { type Site, SiteForm } from '../sites/form.js';
import { Instruments } from '../sites/instruments.js';
import { AskFirst } from '../ui/action.js';
import { Dialog } from '../ui/dialog.js';
import { counted, placeWords } from '../ui/format.js';
import { TextField } from '../ui/inputs.js';
import { Button, Empty, Head, Loaded, Panel, Problem, Time } from '../ui/parts.js';

const route = getRouteApi('/sites/$name');

export function SitePage(): ReactNode {
  const { name } = route.useParams();
  const query = useQuery(siteQuery(name));
  if (query.data === undefined && query.error !== null)
    return (
      <>
        <Head title="Site" />
        <Problem error={query.error} retry={query.refetch} />
      </>
    );
  return <Loaded query={query}>{(site) => <OneSite site={site} />}</Loaded>;
}

function OneSite({ site }: { site: Site }): ReactNode {
  const user = useQuery(me()).data;
  const mine = user !== undefined && (user.id === site.owner_id || user.is_superuser);
  return (
    <div className="stack">
      <Head title={site.name} sub={`Site with ${counted(site.instruments, 'instrument')}`}>
        {mine && <Change site={site} />}
        {mine && <Delete site={site} />}
      </Head>
      <div className="cols two">
        <Panel title="What is known of it">
          <Facts site={site} mine={mine} />
        </Panel>
        <Place site={site} />
      </div>
      <Instruments site={site.name} mine={mine} />
    </div>
  );
}

function Facts({ site, mine }: { site: Site; mine: boolean }): ReactNode {
  const { name, contact, address, location, notes, photo_url, created_at, updated_at, revision } = site;
  const header = { 'If-Match': `"${revision}"` };
  const path = { name };
  const photo = '/api/v1/sites/{name}/photo' as const;
  return (
    <div className="beside">
      <dl className="facts">
        <dt>Contact</dt>
        <dd>{contact ?? '–'}</dd>
        <dt>Address</dt>
        <dd>
          {[...(address?.lines ?? []), address?.postcode, address?.region, address?.country]
            .filter(Boolean)
            .join(', ') || '–'}
        </dd>
        <dt>Location</dt>
        <dd>{location === null ? '–' : placeWords(location)}</dd>
        <dt>Notes</dt>
        <dd className="lines-kept">{notes ?? '–'}</dd>
        <dt>Made</dt>
        <dd>
          <Time at={created_at} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <Time at={updated_at} />
        </dd>
      </dl>
      <Picture
        name="Photo"
        alt={`Photo of ${name}`}
        address={photo_url === null ? null : `${photo_url} ${revision}`}
        load={(signal) => answer(api.GET(photo, { params: { path }, parseAs: 'blob', signal }))}
        {...(mine && {
          put: (file: File) => {
            const { headers, ...body } = fileBody(file);
            return answer(api.PUT(photo, { params: { path, header }, headers, ...body }));
          },
          remove: () => answer(api.DELETE(photo, { params: { path, header } })),
        })}
      />
    </div>
  );
}

const NOWHERE: readonly never[] = [];

function Place({ site: { name, location } }: { site: Site }): ReactNode {
  const spots = useMemo(
    () => (location === null ? NOWHERE : [{ id: name, name, ...location, connected: true }]),
    [name, location],
  );
  return (
    <Panel title="Place" bare>
      {location === null ? (
        <Empty title="Where it is, nobody has said." />
      ) : (
        <WorldMap spots={spots} label={`Map: ${name} at ${placeWords(location)}`} height={260} />
      )}
    </Panel>
  );
}

function Change({ site }: { site: Site }): ReactNode {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  return (
    <>
      <Button onClick={() => setOpen(true)}>Change</Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Change ${site.name}`}>
        <SiteForm
          key={site.revision}
          site={site}
          onCancel={() => setOpen(false)}
          onDone={async () => {
            setOpen(false);
            await queries.invalidateQueries();
          }}
        />
      </Dialog>
    </>
  );
}

function Delete({ site: { name, instruments } }: { site: Site }): ReactNode {
  const navigate = useNavigate();
  const [moveTo, setMoveTo] = useState('');
  return (
    <AskFirst
      button="Delete"
      title={`Delete ${name}?`}
      description={
        instruments === 0
          ? 'No probe stands there.'
          : instruments === 1
            ? 'A probe stands there: say which site gets it.'
            : `${counted(instruments, 'probe')} stand there: say which site gets them.`
      }
      confirm="Delete site"
      act={() =>
        answer(
          api.DELETE('/api/v1/sites/{name}', {
            params: { path: { name }, query: moveTo.trim() === '' ? {} : { move_to: moveTo.trim() } },
          }),
        )
      }
      onDone={() => navigate({ to: '/sites', search: {} })}
      fields={(problem) =>
        instruments > 0 && (
          <TextField
            label="Probes go to the site"
            value={moveTo}
            onText={setMoveTo}
            wrong={problem?.of('move_to')}
          />
        )
      }
    />
  );
}
