import type { ReactNode } from 'react';
import { KINDS } from '../../generated/kinds.js';
import { useToken } from '../session/session.js';
import { FilterForm, orAll } from '../ui/filters.js';
import { CheckBox, SelectField, TextField } from '../ui/inputs.js';
import { Button } from '../ui/parts.js';

/** Around a place that was clicked, where nothing else is said. */
export const NEAR_KM = 500;

interface ProbesSearch {
  text?: string | undefined;
  connected?: boolean | undefined;
  kind?: string | undefined;
  tag?: string | undefined;
  country?: string | undefined;
  asn?: number | undefined;
  uptime?: number | undefined;
  latitude?: number | undefined;
  within?: number | undefined;
  mine?: boolean | undefined;
}

/** Which probes are shown. */
export function ProbeFilters({
  search,
  set,
}: {
  search: ProbesSearch;
  set: (change: Record<string, unknown>) => void;
}): ReactNode {
  const token = useToken();
  const numberOf = (text: string): number | undefined => (text === '' ? undefined : Number(text));
  return (
    <FilterForm>
      <TextField
        label="Text"
        wide
        type="search"
        placeholder="name"
        value={search.text ?? ''}
        onText={(text) => set({ text: text || undefined })}
      />
      <SelectField
        label="Connected"
        value={search.connected === undefined ? '' : String(search.connected)}
        onText={(text) => set({ connected: text === '' ? undefined : text === 'true' })}
        options={[
          ['', 'either'],
          ['true', 'connected'],
          ['false', 'not connected'],
        ]}
      />
      <SelectField
        label="Kind"
        value={search.kind ?? ''}
        onText={(text) => set({ kind: text || undefined })}
        options={orAll(KINDS)}
      />
      <TextField label="Tag" value={search.tag ?? ''} onText={(text) => set({ tag: text || undefined })} />
      <TextField
        label="Country"
        placeholder="such as AR"
        value={search.country ?? ''}
        onText={(text) => set({ country: text.toUpperCase() || undefined })}
      />
      <TextField
        label="AS number"
        type="number"
        min={1}
        value={search.asn?.toString() ?? ''}
        onText={(text) => set({ asn: numberOf(text) })}
      />
      <TextField
        label="Uptime at least, %"
        type="number"
        min={0}
        max={100}
        value={search.uptime?.toString() ?? ''}
        onText={(text) => set({ uptime: numberOf(text) })}
      />
      {search.latitude !== undefined && (
        <>
          <TextField
            label="Within, km"
            type="number"
            min={1}
            max={20_000}
            value={String(search.within ?? NEAR_KM)}
            onText={(text) => set({ within: numberOf(text) })}
          />
          <Button onClick={() => set({ latitude: undefined, longitude: undefined, within: undefined })}>
            Everywhere
          </Button>
        </>
      )}
      {token !== undefined && (
        <CheckBox
          label="Mine"
          checked={search.mine === true}
          onCheck={(on) => set({ mine: on || undefined })}
        />
      )}
    </FilterForm>
  );
}
