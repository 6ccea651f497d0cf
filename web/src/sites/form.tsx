import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { Rest, useFirstWrong, wrongOf } from '../ui/action.js';
import { TextArea, TextField } from '../ui/inputs.js';
import { Button } from '../ui/parts.js';

export type Site = Schemas['SiteDto'];

interface Draft {
  name: string;
  contact: string;
  lines: string;
  region: string;
  postcode: string;
  country: string;
  latitude: string;
  longitude: string;
  notes: string;
}

function draftOf(site: Site | undefined): Draft {
  const { address, location } = site ?? { address: null, location: null };
  return {
    name: site?.name ?? '',
    contact: site?.contact ?? '',
    lines: (address?.lines ?? []).join('\n'),
    region: address?.region ?? '',
    postcode: address?.postcode ?? '',
    country: address?.country ?? '',
    latitude: location === null ? '' : String(location.latitude),
    longitude: location === null ? '' : String(location.longitude),
    notes: site?.notes ?? '',
  };
}

/** @returns what the server is told; what is empty is not said */
function bodyOf(draft: Draft): Schemas['PutSiteDto'] {
  const { contact, region, postcode, country, latitude, longitude, notes } = draft;
  const lines = draft.lines
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const addressed = lines.length > 0 || [region, postcode, country].some((each) => each.trim() !== '');
  return {
    ...given('contact', contact),
    ...given('notes', notes),
    ...(addressed && {
      address: {
        lines,
        ...given('region', region),
        ...given('postcode', postcode),
        country: country.trim().toUpperCase(),
      },
    }),
    ...((latitude.trim() !== '' || longitude.trim() !== '') && {
      location: { latitude: Number(latitude), longitude: Number(longitude) },
    }),
  };
}

function given<Name extends string>(name: Name, text: string): { [Key in Name]?: string } {
  return (text.trim() === '' ? {} : { [name]: text.trim() }) as { [Key in Name]?: string };
}

/** Makes a site, or replaces all that is said of one. */
export function SiteForm({
  site,
  onDone,
  onCancel,
}: {
  /** absent: a new one */
  site?: Site;
  onDone: (site: Site) => unknown;
  onCancel: () => void;
}): ReactNode {
  const [draft, setDraft] = useState(() => draftOf(site));
  const set = (name: keyof Draft) => (text: string) => setDraft((before) => ({ ...before, [name]: text }));
  const send = useMutation({
    mutationFn: () => {
      const fresh = { 'If-None-Match': '*' as const };
      const header = site === undefined ? fresh : { 'If-Match': `"${site.revision}"` };
      const params = { path: { name: draft.name.trim() }, header };
      return answer(api.PUT('/api/v1/sites/{name}', { params, body: bodyOf(draft) }));
    },
    onSuccess: onDone,
  });
  const wrong = wrongOf(send.error);
  const form = useFirstWrong(send.error);
  const of = (field: string): string | undefined =>
    wrong?.errors.find((each) => each.field === field || each.field.startsWith(`${field}.`))?.message;
  const fields = [
    'name',
    'contact',
    'address.lines',
    'address.region',
    'address.postcode',
    'address.country',
  ];
  return (
    <form
      ref={form}
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      {site === undefined && (
        <TextField
          label="Name of the site"
          hint="It never changes: it stands in addresses and filters."
          value={draft.name}
          onText={set('name')}
          wrong={of('name')}
        />
      )}
      <TextField label="Contact" value={draft.contact} onText={set('contact')} wrong={of('contact')} />
      <TextArea
        label="Address"
        hint="Street, house, floor, room: a line for each."
        rows={3}
        value={draft.lines}
        onText={set('lines')}
        wrong={of('address.lines')}
      />
      <div className="row">
        <TextField
          label="Postcode"
          value={draft.postcode}
          onText={set('postcode')}
          wrong={of('address.postcode')}
        />
        <TextField label="Region" value={draft.region} onText={set('region')} wrong={of('address.region')} />
        <TextField
          label="Country"
          hint="two letters: AR"
          value={draft.country}
          onText={set('country')}
          wrong={of('address.country')}
        />
      </div>
      <div className="row">
        <TextField
          label="Latitude"
          inputMode="decimal"
          value={draft.latitude}
          onText={set('latitude')}
          wrong={of('location.latitude')}
        />
        <TextField
          label="Longitude"
          inputMode="decimal"
          value={draft.longitude}
          onText={set('longitude')}
          wrong={of('location.longitude')}
        />
      </div>
      <TextArea
        label="Notes"
        hint="What whoever goes there should know. Contact, address and notes are shown to you and superusers."
        rows={3}
        value={draft.notes}
        onText={set('notes')}
        wrong={of('notes')}
      />
      <Rest problem={wrong} fields={[...fields, 'location.latitude', 'location.longitude', 'notes']} />
      <div className="actions">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={send.isPending}>
          Save site
        </Button>
      </div>
    </form>
  );
}
