import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { allProbes } from '../api/all-probes.js';
import { ApiProblem } from '../api/problem.js';
import { answer, api, type Schemas } from '../api/client.js';
import { instruments } from '../api/queries.js';
import { AskFirst } from '../ui/action.js';
import { SelectField, TextField } from '../ui/inputs.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, Panel, State, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Instrument = Schemas['InstrumentDto'];

/** The probes that stand at a site, and what is known of the devices. */
export function Instruments({ site, mine }: { site: string; mine: boolean }): ReactNode {
  const query = useInfiniteQuery(instruments({ site: [site] }));
  return (
    <Panel title="Instruments" bare aside={mine && <Bring site={site} />}>
      <Loaded query={query} lines={3}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="No probe stands here yet.">
              <p>Whoever owns both the site and a probe brings the one to the other.</p>
            </Empty>
          ) : (
            <>
              <DataTable
                label="Table of instruments"
                columns={columnsOf(mine)}
                items={items}
                keyOf={({ probe_id }) => probe_id}
              />
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function columnsOf(mine: boolean): readonly Column<Instrument>[] {
  const known: readonly Column<Instrument>[] = [
    {
      head: 'Probe',
      names: true,
      cell: ({ probe_id, name }) => (
        <Link to="/probes/$id" params={{ id: probe_id }}>
          {name ?? probe_id}
        </Link>
      ),
    },
    { head: 'State', cell: ({ connected }) => <State state={connected ? 'connected' : 'away'} /> },
    { head: 'Last seen', className: 'small', cell: ({ last_seen }) => <Time at={last_seen} /> },
    { head: 'Hardware', cell: ({ hardware }) => hardware ?? '–' },
    { head: 'MAC address', className: 'mono', cell: ({ mac_address }) => mac_address ?? '–' },
    { head: 'Serial number', className: 'mono', cell: ({ serial }) => serial ?? '–' },
  ];
  return mine
    ? [
        ...known,
        {
          head: <span className="visually-hidden">What can be done</span>,
          cell: (instrument) => (
            <div className="actions end">
              <Describe instrument={instrument} />
              <TakeAway instrument={instrument} />
            </div>
          ),
        },
      ]
    : known;
}

function Describe({ instrument }: { instrument: Instrument }): ReactNode {
  const { probe_id: id, site: name, revision } = instrument;
  const [device, setDevice] = useState<Device>({
    hardware: instrument.hardware ?? '',
    mac_address: instrument.mac_address ?? '',
    serial: instrument.serial ?? '',
  });
  const called = instrument.name ?? id;
  return (
    <AskFirst
      button="Describe"
      label={`Describe ${called}`}
      size="small"
      tone="normal"
      title={`What is known of ${called}`}
      confirm="Save"
      act={() =>
        answer(
          api.PUT('/api/v1/sites/{name}/instruments/{id}', {
            params: { path: { name, id }, header: { 'If-Match': `"${revision}"` } },
            body: said(device),
          }),
        )
      }
      fields={(problem) => <DeviceFields device={device} set={setDevice} problem={problem} />}
    />
  );
}

function TakeAway({ instrument: { probe_id: id, site, name } }: { instrument: Instrument }): ReactNode {
  return (
    <AskFirst
      button="Take away"
      label={`Take away: ${name ?? id}`}
      size="small"
      title={`Take ${name ?? id} away from ${site}?`}
      description="It stays a probe, and its results stay."
      confirm="Take it away"
      act={() =>
        answer(api.DELETE('/api/v1/sites/{name}/instruments/{id}', { params: { path: { name: site, id } } }))
      }
    />
  );
}

function Bring({ site }: { site: string }): ReactNode {
  const own = useQuery(allProbes({ mine: true }));
  const [probe, setProbe] = useState('');
  const [device, setDevice] = useState<Device>({ hardware: '', mac_address: '', serial: '' });
  const free = (own.data ?? []).filter((each) => each.site !== site);
  const chosen = free.find(({ id }) => id === probe);
  return (
    <AskFirst
      button="Bring a probe here"
      size="small"
      tone="normal"
      title="Bring a probe here"
      confirm="Bring it here"
      act={async () => {
        if (probe === '') throw ApiProblem.at('id', 'must be chosen');
        return answer(
          api.PUT('/api/v1/sites/{name}/instruments/{id}', {
            params: {
              path: { name: site, id: probe },
              ...(chosen?.site != null && { header: { 'If-Match': `"${chosen.revision}"` } }),
            },
            body: said(device),
          }),
        );
      }}
      fields={(problem) => (
        <>
          <SelectField
            label="Probe"
            value={probe}
            onText={setProbe}
            options={[
              ['', free.length === 0 ? 'none of yours stands elsewhere' : 'choose one'],
              ...free.map(
                ({ id, name, site: at }) => [id, `${name ?? id}${at === null ? '' : ` (at ${at})`}`] as const,
              ),
            ]}
            wrong={problem?.of('id')}
          />
          <DeviceFields device={device} set={setDevice} problem={problem} />
        </>
      )}
    />
  );
}

interface Device {
  hardware: string;
  mac_address: string;
  serial: string;
}

function said(device: Device): Schemas['PutInstrumentDto'] {
  const { hardware, mac_address, serial } = device;
  return {
    ...(hardware.trim() !== '' && { hardware }),
    ...(mac_address.trim() !== '' && { mac_address }),
    ...(serial.trim() !== '' && { serial }),
  };
}

function DeviceFields({
  device,
  set,
  problem,
}: {
  device: Device;
  set: (device: Device) => void;
  problem: { of: (field: string) => string | undefined } | undefined;
}): ReactNode {
  const fields = [
    ['hardware', 'Hardware', 'make and model'],
    ['mac_address', 'MAC address', '02:00:5e:10:00:01'],
    ['serial', 'Serial number', 'as it is written on the device'],
  ] as const;
  return fields.map(([name, label, hint]) => (
    <TextField
      key={name}
      label={label}
      hint={hint}
      value={device[name]}
      onText={(text) => set({ ...device, [name]: text })}
      wrong={problem?.of(name)}
    />
  ));
}
