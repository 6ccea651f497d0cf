import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { SCOPES } from '../../generated/texts.js';
import { answer, api, type Schemas } from '../api/client.js';
import { AskFirst, Rest, useFirstWrong, wrongOf } from '../ui/action.js';
import { Copy } from '../ui/copy.js';
import { CheckBox, TextField } from '../ui/inputs.js';
import { Button, Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Key = Schemas['KeyDto'];
type Scope = Key['scopes'][number];

/** What programs enter by: shown once, revoked at any time. */
export function Keys({ admin }: { admin: boolean }): ReactNode {
  const query = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/users/me/keys', { signal })),
  });
  return (
    <Panel title="API keys" bare>
      <Loaded query={query} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No key yet.">
              <p>A program of yours enters by a key, and not by your password.</p>
            </Empty>
          ) : (
            <DataTable label="Table of keys" columns={COLUMNS} items={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
      <div className="in">
        <NewKey admin={admin} />
      </div>
    </Panel>
  );
}

const COLUMNS: readonly Column<Key>[] = [
  { head: 'Name', names: true, cell: ({ name }) => name },
  { head: 'May', cell: ({ scopes }) => scopes.join(', ') },
  { head: 'Made', className: 'small', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    head: 'Used last',
    className: 'small',
    cell: ({ last_used_at, last_used_from }) => (
      <>
        <Time at={last_used_at} /> {last_used_from !== null && `from ${last_used_from}`}
      </>
    ),
  },
  {
    head: 'Valid until',
    className: 'small',
    cell: ({ expires_at }) => (expires_at === null ? 'it is revoked' : <Time at={expires_at} />),
  },
  { head: <span className="visually-hidden">Revoke</span>, right: true, cell: (key) => <Revoke of={key} /> },
];

function Revoke({ of: { id, name } }: { of: Key }): ReactNode {
  return (
    <AskFirst
      button="Revoke"
      label={`Revoke the key ${name}`}
      size="small"
      title="Revoke this key?"
      description={`The next request with “${name}” is refused, at every server.`}
      confirm="Revoke"
      act={() => answer(api.DELETE('/api/v1/users/me/keys/{id}', { params: { path: { id } } }))}
    />
  );
}

function NewKey({ admin }: { admin: boolean }): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['read']);
  const [until, setUntil] = useState('');
  const make = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/users/me/keys', {
          body: {
            name: name.trim(),
            scopes: [...scopes],
            ...(until !== '' && { expires_at: new Date(until).toISOString() }),
          },
        }),
      ),
    onSuccess: async () => {
      setName('');
      await queries.invalidateQueries({ queryKey: ['keys'] });
    },
  });
  const wrong = wrongOf(make.error);
  const form = useFirstWrong(make.error);
  const known = SCOPES.filter(({ name: scope }) => admin || scope !== 'admin');
  return (
    <form
      ref={form}
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <h3>New key</h3>
      <div className="row">
        <TextField label="Name of the key" value={name} onText={setName} wrong={wrong?.of('name')} />
        <TextField
          label="Until"
          hint="empty: until it is revoked"
          type="datetime-local"
          value={until}
          onText={setUntil}
          wrong={wrong?.of('expires_at')}
        />
      </div>
      <fieldset aria-label="Scopes">
        <legend className="legend">It may</legend>
        <div className="choices">
          {known.map(({ name: scope, hint }) => (
            <CheckBox
              key={scope}
              label={
                <span>
                  {scope} {hint !== '' && <span className="small muted">{hint}</span>}
                </span>
              }
              checked={scopes.includes(scope)}
              onCheck={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((each) => each !== scope))}
            />
          ))}
        </div>
        {wrong?.of('scopes') !== undefined && <p className="wrong">Scopes {wrong.of('scopes')}</p>}
      </fieldset>
      <Rest problem={wrong} fields={['name', 'expires_at', 'scopes']} />
      {make.data !== undefined && (
        <div className="notice good" role="status">
          <p>
            <strong>{make.data.name}</strong>: copy it now, it is not shown again.
          </p>
          <code className="command">{make.data.key}</code>
          <Copy text={make.data.key} />
        </div>
      )}
      <div className="actions">
        <Button type="submit" disabled={make.isPending}>
          Make key
        </Button>
      </div>
    </form>
  );
}
