import type { ReactNode } from 'react';
import { KINDS } from '../../generated/kinds.js';
import { useToken } from '../session/session.js';
import { Button, Field } from '../ui/parts.js';

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
    <form className="filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Field label="Text" wide>
        {(describing) => (
          <input
            {...describing}
            type="search"
            placeholder="name"
            value={search.text ?? ''}
            onChange={(event) => set({ text: event.target.value || undefined })}
          />
        )}
      </Field>
      <Field label="Connected">
        {(describing) => (
          <select
            {...describing}
            value={search.connected === undefined ? '' : String(search.connected)}
            onChange={(event) =>
              set({ connected: event.target.value === '' ? undefined : event.target.value === 'true' })
            }
          >
            <option value="">either</option>
            <option value="true">connected</option>
            <option value="false">not connected</option>
          </select>
        )}
      </Field>
      <Field label="Kind">
        {(describing) => (
          <select
            {...describing}
            value={search.kind ?? ''}
            onChange={(event) => set({ kind: event.target.value || undefined })}
          >
            <option value="">all</option>
            {KINDS.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Tag">
        {(describing) => (
          <input
            {...describing}
            type="text"
            value={search.tag ?? ''}
            onChange={(event) => set({ tag: event.target.value || undefined })}
          />
        )}
      </Field>
      <Field label="Country">
        {(describing) => (
          <input
            {...describing}
            type="text"
            maxLength={2}
            placeholder="such as AR"
            value={search.country ?? ''}
            onChange={(event) => set({ country: event.target.value.toUpperCase() || undefined })}
          />
        )}
      </Field>
      <Field label="AS number">
        {(describing) => (
          <input
            {...describing}
            type="number"
            min={1}
            value={search.asn ?? ''}
            onChange={(event) => set({ asn: numberOf(event.target.value) })}
          />
        )}
      </Field>
      <Field label="Uptime at least, %">
        {(describing) => (
          <input
            {...describing}
            type="number"
            min={0}
            max={100}
            value={search.uptime ?? ''}
            onChange={(event) => set({ uptime: numberOf(event.target.value) })}
          />
        )}
      </Field>
      {search.latitude !== undefined && (
        <>
          <Field label="Within, km">
            {(describing) => (
              <input
                {...describing}
                type="number"
                min={1}
                max={20_000}
                value={search.within ?? NEAR_KM}
                onChange={(event) => set({ within: numberOf(event.target.value) })}
              />
            )}
          </Field>
          <Button onClick={() => set({ latitude: undefined, longitude: undefined, within: undefined })}>
            Everywhere
          </Button>
        </>
      )}
      {token !== undefined && (
        <label className="check">
          <input
            type="checkbox"
            checked={search.mine === true}
            onChange={(event) => set({ mine: event.target.checked || undefined })}
          />
          Mine
        </label>
      )}
    </form>
  );
}
