import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Keys } from '../account/keys.js';
import { Ledger, Limits } from '../account/ledger.js';
import { OwnPicture } from '../account/picture.js';
import { Email, Ends, Password } from '../account/security.js';
import { type Account, me, platform } from '../api/queries.js';
import { RequireSession } from '../ui/require.js';
import { whole } from '../ui/format.js';
import { Head, Loaded, Panel, Time } from '../ui/parts.js';

export function AccountPage(): ReactNode {
  return (
    <RequireSession title="Account">
      <Own />
    </RequireSession>
  );
}

function Own(): ReactNode {
  const query = useQuery(me());
  return (
    <div className="stack">
      <Head title="Account">
        <Link to="/sites" search={{ mine: true }} className="button">
          Sites
        </Link>
        <Link to="/imports" className="button">
          Imports
        </Link>
      </Head>
      <Loaded query={query} lines={8}>
        {(user) => (
          <>
            <div className="cols two">
              <You user={user} />
              <Limits />
            </div>
            <Keys admin={user.is_superuser} />
            <div className="cols three">
              <Password />
              <Email present={user.email} />
              <Ends />
            </div>
          </>
        )}
      </Loaded>
      <Ledger />
    </div>
  );
}

function You({
  user: { id, email, credits, is_superuser, created_at, picture_url },
}: {
  user: Account;
}): ReactNode {
  const economy = useQuery(platform()).data?.credits;
  return (
    <Panel title="You">
      <div className="beside">
        <dl className="facts">
          <dt>E-mail</dt>
          <dd>{email}</dd>
          <dt>Credits</dt>
          <dd>
            <strong>{whole(credits)}</strong>
            {economy === 'off' && <span className="muted"> (nothing costs credits on this server)</span>}
          </dd>
          <dt>Role</dt>
          <dd>{is_superuser ? 'superuser' : 'user'}</dd>
          <dt>Since</dt>
          <dd>
            <Time at={created_at} />
          </dd>
          <dt>Id</dt>
          <dd className="mono">{id}</dd>
        </dl>
        <OwnPicture id={id} address={picture_url} />
      </div>
    </Panel>
  );
}
