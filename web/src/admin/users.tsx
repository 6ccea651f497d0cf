import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { users } from '../api/queries.js';
import { known } from '../address/search.js';
import { AskFirst } from '../ui/action.js';
import { whole } from '../ui/format.js';
import { SelectField, TextField } from '../ui/inputs.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, Panel, State, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type User = Schemas['AdministeredUserDto'];
const route = getRouteApi('/admin');

/** Accounts: found by a part of their e-mail, suspended, given credits. */
export function Users(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { email, suspended } = search;
  const query = useInfiniteQuery(
    users({
      limit: 50,
      ...(email !== undefined && { email }),
      ...(suspended !== undefined && { suspended }),
    }),
  );
  const set = (change: Record<string, unknown>): void => {
    void navigate({ search: known({ ...search, ...change }), replace: true });
  };
  return (
    <Panel title="Users" bare>
      <form
        className="filters in"
        role="search"
        aria-label="Filters of users"
        onSubmit={(event) => event.preventDefault()}
      >
        <TextField
          label="Search users"
          hint="a part of the e-mail"
          type="search"
          wide
          value={email ?? ''}
          onText={(text) => set({ email: text || undefined })}
        />
        <SelectField
          label="Suspended"
          value={suspended === undefined ? '' : String(suspended)}
          options={[
            ['', 'either'],
            ['true', 'suspended'],
            ['false', 'not suspended'],
          ]}
          onText={(text) => set({ suspended: text === '' ? undefined : text === 'true' })}
        />
      </form>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="No account matches.">
              <p>The search is for a part of the e-mail, in any case.</p>
            </Empty>
          ) : (
            <>
              <DataTable
                label="Table of accounts"
                columns={COLUMNS}
                items={items}
                keyOf={({ id }) => id}
                tall
              />
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

const COLUMNS: readonly Column<User>[] = [
  {
    head: 'E-mail',
    names: true,
    cell: ({ email, id, is_superuser }) => (
      <span title={id}>
        {email} {is_superuser && <span className="tag">superuser</span>}
      </span>
    ),
  },
  {
    head: 'State',
    cell: ({ suspended_at, suspended_reason }) =>
      suspended_at === null ? (
        'open'
      ) : (
        <>
          <State state="suspended" /> <span className="small muted">{suspended_reason}</span>
        </>
      ),
  },
  { head: 'Credits', right: true, cell: ({ credits }) => whole(credits) },
  { head: 'Since', className: 'small', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    head: <span className="visually-hidden">What can be done</span>,
    cell: (user) => (
      <div className="actions end">
        <Credits user={user} way="give" />
        <Credits user={user} way="take" />
        {user.suspended_at === null ? <Suspend user={user} /> : <Unsuspend user={user} />}
      </div>
    ),
  },
];

function Credits({
  user: { id, email, credits: has },
  way,
}: {
  user: User;
  way: 'give' | 'take';
}): ReactNode {
  const [credits, setCredits] = useState('1000');
  const [reason, setReason] = useState('');
  const word = way === 'give' ? 'Give credits' : 'Take credits';
  const params = { path: { id } };
  return (
    <AskFirst
      button={word}
      label={`${word}: ${email}`}
      size="small"
      tone="normal"
      title={`${word}: ${email}`}
      description={`The balance is ${whole(has)}. The reason stands in the ledger of the account and in the audit log.`}
      confirm={word}
      act={() =>
        way === 'give'
          ? answer(
              api.POST('/api/v1/users/{id}/credits', {
                params,
                body: { credits: Number(credits), ...(reason.trim() !== '' && { reason: reason.trim() }) },
              }),
            )
          : answer(
              api.POST('/api/v1/users/{id}/credits/take', {
                params,
                body: { credits: Number(credits), reason: reason.trim() },
              }),
            )
      }
      fields={(problem) => (
        <>
          <TextField
            label="Credits"
            type="number"
            min={1}
            value={credits}
            onText={setCredits}
            wrong={problem?.of('credits')}
          />
          <TextField
            label="Reason"
            {...(way === 'give' && { hint: 'may be empty' })}
            value={reason}
            onText={setReason}
            wrong={problem?.of('reason')}
          />
        </>
      )}
    />
  );
}

function Suspend({ user: { id, email } }: { user: User }): ReactNode {
  const [reason, setReason] = useState('');
  return (
    <AskFirst
      button="Suspend"
      label={`Suspend ${email}`}
      size="small"
      title={`Suspend ${email}?`}
      description="Nobody enters the account any more. Its operations are stopped and paid back; its probes go on."
      confirm="Suspend account"
      act={() =>
        answer(
          api.POST('/api/v1/users/{id}/suspend', {
            params: { path: { id } },
            body: { reason: reason.trim() },
          }),
        )
      }
      fields={(problem) => (
        <TextField label="Reason" value={reason} onText={setReason} wrong={problem?.of('reason')} />
      )}
    />
  );
}

function Unsuspend({ user: { id, email } }: { user: User }): ReactNode {
  return (
    <AskFirst
      button="Let in again"
      label={`Let in again: ${email}`}
      size="small"
      tone="normal"
      title={`Let ${email} in again?`}
      description="With the same password and keys. What was stopped stays so."
      confirm="Let in"
      act={() => answer(api.POST('/api/v1/users/{id}/unsuspend', { params: { path: { id } } }))}
    />
  );
}
