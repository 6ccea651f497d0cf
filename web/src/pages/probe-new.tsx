import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { problemOf } from '../api/problem.js';
import { probe as probeQuery } from '../api/queries.js';
import { useProbeLive } from '../api/probe-live.js';
import { WorldMap } from '../map/world-map.js';
import { RequireSession } from '../ui/require.js';
import { Copy } from '../ui/copy.js';
import { Button, Field, Head, Panel, Problem } from '../ui/parts.js';

export function NewProbePage(): ReactNode {
  const [made, setMade] = useState<Schemas['ProbeWithTokenDto']>();
  return (
    <RequireSession title="Add a probe">
      <Head title="Add a probe" sub="A machine of yours, from which measurements are made." />
      {made === undefined ? <Form onMade={setMade} /> : <Join probe={made} />}
    </RequireSession>
  );
}

const NOWHERE: readonly never[] = [];

function Form({ onMade }: { onMade: (probe: Schemas['ProbeWithTokenDto']) => void }): ReactNode {
  const [name, setName] = useState('');
  const [tags, setTags] = useState('');
  const [latitude, setLatitude] = useState('');
  const [longitude, setLongitude] = useState('');
  const send = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/probes', {
          body: {
            ...(name.trim() !== '' && { name: name.trim() }),
            ...(tags.trim() !== '' && { tags: tags.split(/[\s,]+/).filter(Boolean) }),
            // an empty field is no number: the server says what it has to be
            location: { latitude: numberOf(latitude), longitude: numberOf(longitude) },
          },
        }),
      ),
    onSuccess: onMade,
  });
  const wrong = send.error === null ? undefined : problemOf(send.error);
  const at = { latitude: Number(latitude), longitude: Number(longitude) };
  const placed =
    latitude !== '' && longitude !== '' && Math.abs(at.latitude) <= 90 && Math.abs(at.longitude) <= 180;
  return (
    <div className="cols two">
      <form
        className="form panel in-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Field label="Name" hint="What others see. It need not be unique." wrong={wrong?.of('name')}>
          {(describing) => (
            <input
              {...describing}
              type="text"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Tags" hint="Separated by commas or spaces: fibre, as:64500" wrong={wrong?.of('tags')}>
          {(describing) => (
            <input
              {...describing}
              type="text"
              value={tags}
              onChange={(event) => setTags(event.target.value)}
            />
          )}
        </Field>
        <div className="row">
          <Field label="Latitude" hint="degrees, north positive" wrong={wrong?.of('location.latitude')}>
            {(describing) => (
              <input
                {...describing}
                type="text"
                inputMode="decimal"
                value={latitude}
                onChange={(event) => setLatitude(event.target.value)}
              />
            )}
          </Field>
          <Field label="Longitude" hint="degrees, east positive" wrong={wrong?.of('location.longitude')}>
            {(describing) => (
              <input
                {...describing}
                type="text"
                inputMode="decimal"
                value={longitude}
                onChange={(event) => setLongitude(event.target.value)}
              />
            )}
          </Field>
        </div>
        {wrong !== undefined && wrong.errors.length === 0 && <Problem error={wrong} />}
        <div className="actions">
          <Button type="submit" tone="primary" disabled={send.isPending}>
            Add probe
          </Button>
        </div>
      </form>
      <Panel title="Place" bare aside={<span className="small muted">click where the probe is</span>}>
        <WorldMap
          spots={NOWHERE}
          label="Map: a click sets the place, which can be typed as well"
          place={placed ? at : undefined}
          onPlace={(place) => {
            setLatitude(String(place.latitude));
            setLongitude(String(place.longitude));
          }}
        />
      </Panel>
    </div>
  );
}

/** What is no number is sent as it is not: null, which the server refuses with the name of the field. */
function numberOf(text: string): number {
  return (text.trim() === '' ? null : Number(text)) as number;
}

export function commandOf(token: string): string {
  return `npm run probe -- --server ${location.origin} --token ${token}`;
}

/** The command that joins the probe, and the moment in which it does. */
function Join({ probe }: { probe: Schemas['ProbeWithTokenDto'] }): ReactNode {
  useProbeLive(probe.id);
  const query = useQuery({ ...probeQuery(probe.id), refetchInterval: 3_000 });
  const connected = query.data?.connected === true;
  const command = commandOf(probe.token);
  return (
    <div className="stack">
      <Panel title="Command" aside={<Copy text={command} />}>
        <code className="command">{command}</code>
      </Panel>
      <p className="muted">
        Run it on the machine that is to measure, in the folder of the project (<code>make build</code> comes
        before it), as root or with the right to open raw sockets. Whoever has the token can speak for the
        probe: it is shown now, and not again. <code>--allow 127.0.0.0/8</code> lets it measure its own
        loopback addresses.
      </p>
      <div className={connected ? 'notice good' : 'notice'} role="status">
        <strong>{connected ? 'Your probe is connected' : 'Waiting for your probe'}</strong>
        {!connected && <p className="small muted">The page sees it by itself.</p>}
      </div>
      <div className="actions">
        <Link to="/probes/$id" params={{ id: probe.id }} className="button">
          To the probe
        </Link>
        {connected && (
          <Link to="/operations/new" search={{ probes: [probe.id] }} className="button primary">
            Measure with it
          </Link>
        )}
      </div>
    </div>
  );
}
