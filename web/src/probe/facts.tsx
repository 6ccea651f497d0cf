import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Probe } from '../api/queries.js';
import { ms, placeWords, whole } from '../ui/format.js';
import { Time } from '../ui/parts.js';

const PROTOCOLS: Record<string, string> = {
  native: "Pladmed's own probe",
  classic: 'classic probe',
  globalping: "Globalping's probe",
};
const COUNTRIES = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** @returns whose software a probe is, by the protocol that it speaks */
export const protocolName = (protocol: string): string => PROTOCOLS[protocol] ?? protocol;

function countryName(code: string): string {
  try {
    return COUNTRIES.of(code) ?? code;
  } catch {
    return code;
  }
}

function Stated({ probe, member }: { probe: Probe; member: Probe['stated'][number] }): ReactNode {
  return probe.stated.includes(member) ? <span className="small muted"> as its owner states</span> : null;
}

/** Its autonomous system and announced network, of one family of addresses. */
function Network({ probe, family }: { probe: Probe; family: 'v4' | 'v6' }): ReactNode {
  const asn = probe[`asn_${family}`];
  const prefix = probe[`prefix_${family}`];
  return (
    <>
      <dt>Network, IP{family}</dt>
      <dd>
        {asn === null ? '–' : `AS${String(asn)}`}
        {prefix !== null && (
          <>
            {' '}
            <span className="mono">{prefix}</span>
          </>
        )}
        {(probe.stated.includes(`asn_${family}`) || probe.stated.includes(`prefix_${family}`)) && (
          <span className="small muted"> as its owner states</span>
        )}
      </dd>
    </>
  );
}

/** What is known of a probe, by itself, its owner and the server. */
export function ProbeFacts({ probe }: { probe: Probe }): ReactNode {
  const { status, connection, location } = probe;
  const yes = (known: boolean | null): string => (known === null ? 'it did not say' : known ? 'yes' : 'no');
  return (
    <dl className="facts">
      <dt>Place</dt>
      <dd>
        {probe.imported
          ? 'not known'
          : `${probe.place.city === '' ? '' : `${probe.place.city}, `}${placeWords(location)}`}
      </dd>
      <dt>Country</dt>
      <dd>
        {probe.country === null ? '–' : `${countryName(probe.country)} (${probe.country})`}
        <Stated probe={probe} member="country_code" />
      </dd>
      {(['v4', 'v6'] as const).map((family) => (
        <Network key={family} probe={probe} family={family} />
      ))}
      <dt>Anchor</dt>
      <dd>{probe.anchor ? 'yes: it is run for others to measure to' : 'no'}</dd>
      <dt>Tags</dt>
      <dd>
        {probe.tags.length === 0
          ? '–'
          : probe.tags.map((tag) => (
              <span className="tag" key={tag}>
                {tag}
              </span>
            ))}
      </dd>
      {probe.site !== null && (
        <>
          <dt>Site</dt>
          <dd>
            <Link to="/sites/$name" params={{ name: probe.site }}>
              {probe.site}
            </Link>
          </dd>
        </>
      )}
      {connection !== null && (
        <>
          <dt>Connected since</dt>
          <dd>
            <Time at={connection.since} /> ({protocolName(connection.protocol)}
            {connection.version !== null && `, version ${connection.version}`})
          </dd>
          {connection.status !== null && (
            <>
              <dt>Takes work</dt>
              <dd>
                {connection.status === 'ready' ? (
                  'yes'
                ) : (
                  <strong className="wrong">{connection.status}</strong>
                )}
              </dd>
            </>
          )}
          {connection.resolvers !== null && (
            <>
              <dt>Resolvers</dt>
              <dd>{connection.resolvers.join(', ')}</dd>
            </>
          )}
          <dt>Credits in use</dt>
          <dd>
            {whole(connection.in_use_credits)} of {whole(connection.total_credits)}
          </dd>
        </>
      )}
      <dt>Kinds</dt>
      <dd>{probe.kinds?.join(', ') ?? 'it did not say'}</dd>
      <dt>IPv4, IPv6</dt>
      <dd>
        {yes(probe.ipv4)}, {yes(probe.ipv6)}
      </dd>
      {status !== null && (
        <>
          <dt>Clock offset</dt>
          <dd>
            {ms(status.clock.offset_ms)} ± {ms(status.clock.error_ms)} by {status.clock.source}
            {!status.clock_trusted && <strong className="wrong"> not trusted</strong>}
          </dd>
          <dt>Runs under way</dt>
          <dd>{whole(status.running)}</dd>
          <dt>Keeps</dt>
          <dd>{whole(status.backlog.results)} results until they can be brought</dd>
          <dt>Said at</dt>
          <dd>
            <Time at={status.at} />
          </dd>
        </>
      )}
      <dt>Registered</dt>
      <dd>
        <Time at={probe.created_at} />
      </dd>
      <dt>Number</dt>
      <dd>{probe.number}</dd>
      <dt>Id</dt>
      <dd className="mono">{probe.id}</dd>
    </dl>
  );
}
