import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import type { Probe } from '../api/queries.js';
import { AskFirst } from '../ui/action.js';
import { CheckBox, TextField } from '../ui/inputs.js';

/** As it is typed. */
interface Draft {
  name: string;
  tags: string;
  latitude: string;
  longitude: string;
  country_code: string;
  asn_v4: string;
  asn_v6: string;
  prefix_v4: string;
  prefix_v6: string;
  anchor: boolean;
}
type Text = Exclude<keyof Draft, 'anchor'>;

const STATEMENTS = ['country_code', 'asn_v4', 'asn_v6', 'prefix_v4', 'prefix_v6'] as const;

function draftOf(probe: Probe): Draft {
  // what the server found by itself is not the owner's word
  const stated = (member: (typeof STATEMENTS)[number]): string =>
    probe.stated.includes(member) ? String(probe[member] ?? '') : '';
  return {
    name: probe.name ?? '',
    tags: probe.tags.filter((tag) => !tag.startsWith('system-')).join(', '),
    ...{ latitude: String(probe.location.latitude), longitude: String(probe.location.longitude) },
    ...{ country_code: stated('country_code'), asn_v4: stated('asn_v4'), asn_v6: stated('asn_v6') },
    ...{ prefix_v4: stated('prefix_v4'), prefix_v6: stated('prefix_v6'), anchor: probe.anchor },
  };
}

/** @returns what the API is sent; an empty statement is none, and what is no number the API says */
function bodyOf(draft: Draft, superuser: boolean): Schemas['UpdateProbeDto'] {
  const number = (text: string): number => (text.trim() === '' ? null : Number(text)) as number;
  const asn = (text: string): number | null => {
    const digits = text.trim().replace(/^AS/i, '');
    return digits === '' ? null : Number(digits);
  };
  const word = (text: string): string | null => text.trim() || null;
  return {
    ...(draft.name.trim() !== '' && { name: draft.name.trim() }),
    tags: draft.tags.split(/[\s,]+/).filter(Boolean),
    location: { latitude: number(draft.latitude), longitude: number(draft.longitude) },
    country_code: word(draft.country_code.toUpperCase()),
    ...{ asn_v4: asn(draft.asn_v4), asn_v6: asn(draft.asn_v6) },
    ...{ prefix_v4: word(draft.prefix_v4), prefix_v6: word(draft.prefix_v6) },
    ...(superuser && { anchor: draft.anchor }),
  };
}

/** For its owner, and for superusers, who say which are anchors. */
export function ChangeProbe({ probe, superuser }: { probe: Probe; superuser: boolean }): ReactNode {
  const [draft, setDraft] = useState<Draft>(() => draftOf(probe));
  return (
    <AskFirst
      button="Change"
      tone="normal"
      title="Change this probe"
      confirm="Save"
      onOpen={() => setDraft(draftOf(probe))}
      act={() =>
        answer(
          api.PATCH('/api/v1/probes/{id}', {
            params: { path: { id: probe.id }, header: { 'If-Match': `"${probe.revision}"` } },
            body: bodyOf(draft, superuser),
          }),
        )
      }
      fields={(problem) => {
        const field = (member: Text, label: string, hint?: string): ReactNode => (
          <TextField
            label={label}
            value={draft[member]}
            onText={(text) => setDraft({ ...draft, [member]: text })}
            wrong={problem?.of(member) ?? problem?.of(`location.${member}`)}
            {...(hint !== undefined && { hint })}
          />
        );
        return (
          <>
            {field('name', 'Name')}
            {field('tags', 'Tags', 'Separated by commas or spaces.')}
            <div className="row">
              {field('latitude', 'Latitude')}
              {field('longitude', 'Longitude')}
            </div>
            <p className="small muted">
              Left empty, these follow from the place and from the address that the probe comes from.
            </p>
            {field('country_code', 'Country', 'two letters, such as AR')}
            <div className="row">
              {field('asn_v4', 'AS number, IPv4')}
              {field('prefix_v4', 'Network, IPv4', 'such as 192.0.2.0/24')}
            </div>
            <div className="row">
              {field('asn_v6', 'AS number, IPv6')}
              {field('prefix_v6', 'Network, IPv6', 'such as 2001:db8::/32')}
            </div>
            {superuser && (
              <CheckBox
                label="Anchor: it is run for others to measure to"
                checked={draft.anchor}
                onCheck={(anchor) => setDraft({ ...draft, anchor })}
              />
            )}
          </>
        );
      }}
    />
  );
}
