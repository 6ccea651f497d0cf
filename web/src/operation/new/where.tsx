import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { SELECT } from '../../../generated/texts.js';
import { allProbes, spotOf } from '../../api/all-probes.js';
import type { Probe } from '../../api/queries.js';
import { WorldMap } from '../../map/world-map.js';
import { counted, percent, whole } from '../../ui/format.js';
import { CheckBox, TextField } from '../../ui/inputs.js';
import { Button, Empty, Loaded, Panel, State } from '../../ui/parts.js';
import { type Column, DataTable } from '../../ui/table.js';
import { mistakeAt } from './mistakes.js';
import type { Draft } from './request.js';
import { Choice, type Part } from './choice.js';

const ROWS = 200;

/** Which probes measure. */
export function Where({ draft, set, mistakes }: Part): ReactNode {
  return (
    <Panel title="From where">
      <WhereFields draft={draft} set={set} mistakes={mistakes} />
    </Panel>
  );
}

/** The same without what is around it. */
export function WhereFields({ draft, set, mistakes }: Part): ReactNode {
  return (
    <div className="form">
      <Choice
        legend="Probes"
        options={[
          ['rule', 'By rule'],
          ['list', 'From the list'],
          ['map', 'From the map'],
        ]}
        value={draft.probes}
        onChange={(probes) => set({ probes })}
      />
      {draft.probes === 'rule' ? (
        <Rule draft={draft} set={set} mistakes={mistakes} />
      ) : (
        <Pick draft={draft} set={set} mistakes={mistakes} />
      )}
    </div>
  );
}

function Rule({ draft, set, mistakes }: Part): ReactNode {
  const wrong = (name: string): string | undefined => mistakeAt(mistakes, `select.${name}`);
  return (
    <div className="row">
      <TextField
        label="How many"
        hint="Chosen by lot among those that match, once."
        type="number"
        min={1}
        value={draft.count}
        onText={(count) => set({ count })}
        wrong={wrong('count')}
      />
      <TextField
        label="With tags"
        hint={SELECT['tags']}
        value={draft.tags}
        onText={(tags) => set({ tags })}
        wrong={wrong('tags')}
      />
      <TextField
        label="In countries"
        hint="Two letters each, such as AR; any of them."
        value={draft.countries}
        onText={(countries) => set({ countries })}
        wrong={wrong('countries')}
      />
      <TextField
        label="Uptime at least, %"
        hint="of the last week"
        type="number"
        min={0}
        max={100}
        value={draft.uptime}
        onText={(uptime) => set({ uptime })}
        wrong={wrong('min_uptime')}
      />
      <CheckBox label="Connected now" checked={draft.connected} onCheck={(connected) => set({ connected })} />
    </div>
  );
}

function columnsOf({ chosen }: Draft, toggle: (id: string) => void): readonly Column<Probe>[] {
  return [
    {
      head: 'Probe',
      className: 'name-cell',
      cell: (probe) => (
        <CheckBox
          label={nameOf(probe)}
          checked={chosen.includes(probe.id)}
          onCheck={() => toggle(probe.id)}
        />
      ),
    },
    {
      head: 'State',
      cell: ({ connected }) =>
        connected ? <State state="connected" /> : <span className="state away">not connected</span>,
    },
    { head: 'Uptime, week', right: true, cell: ({ reliability }) => percent(reliability?.week.uptime) },
  ];
}

const nameOf = (probe: Probe): string => probe.name ?? probe.id;

function Pick({ draft, set, mistakes }: Part): ReactNode {
  const query = useQuery(allProbes({ kind: [draft.kind] }));
  const [text, setText] = useState('');
  const items = useMemo(() => {
    const wanted = text.toLowerCase();
    return (query.data ?? []).filter(
      (probe) =>
        nameOf(probe).toLowerCase().includes(wanted) || probe.tags.some((tag) => tag.includes(wanted)),
    );
  }, [query.data, text]);
  const spots = useMemo(() => items.map(spotOf), [items]);
  const toggle = (id: string): void =>
    set({
      chosen: draft.chosen.includes(id) ? draft.chosen.filter((each) => each !== id) : [...draft.chosen, id],
    });
  const wrong = mistakeAt(mistakes, 'probes');
  return (
    <>
      {wrong !== undefined && <p className="wrong">Probes {wrong}</p>}
      <p className="small muted">
        {counted(draft.chosen.length, 'probe')} chosen
        {draft.chosen.length > 0 && (
          <Button tone="plain" size="small" onClick={() => set({ chosen: [] })}>
            Choose none
          </Button>
        )}
      </p>
      {draft.probes === 'map' ? (
        <WorldMap
          spots={spots}
          label={`Map of ${counted(spots.length, 'probe')}: a click chooses one. The list has the same.`}
          chosen={draft.chosen}
          onChoose={toggle}
        />
      ) : (
        <>
          <TextField label="Find" hint="a name or a tag" type="search" value={text} onText={setText} />
          <Loaded query={query}>
            {() =>
              items.length === 0 ? (
                <Empty title={`No probe that can do ${draft.kind} matches.`} />
              ) : (
                <DataTable
                  label="Table of probes"
                  columns={columnsOf(draft, toggle)}
                  items={items.slice(0, ROWS)}
                  keyOf={({ id }) => id}
                  tall
                />
              )
            }
          </Loaded>
          {items.length > ROWS && (
            <p className="small muted">The first {whole(ROWS)}: find others by name.</p>
          )}
        </>
      )}
    </>
  );
}
