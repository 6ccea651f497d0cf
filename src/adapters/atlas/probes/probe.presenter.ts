import {
  type Presence,
  presenceOf,
  type ProbeEntity,
  type ProbesService,
  tagsOf,
} from '../../../core/probes/index.js';
import { familyOf, type Members, wholeSeconds } from '../../../measurement/atlas/common.js';

export const PROBE_STATUSES: Readonly<Record<Presence, { id: number; name: string }>> = {
  never: { id: 0, name: 'Never Connected' },
  connected: { id: 1, name: 'Connected' },
  away: { id: 2, name: 'Disconnected' },
  abandoned: { id: 3, name: 'Abandoned' },
};

/**
 * A probe, as everybody may see it.
 * @param isOwn its owner asks: only then its address is shown, while it is connected
 */
export function atlasProbe(probe: ProbeEntity, probes: ProbesService, now: Date, isOwn = false): Members {
  const connection = probes.connectionOf(probe);
  const presence = presenceOf(probe, connection !== undefined, now);
  const since = connection?.since ?? probe.last_seen ?? probe.created_at;
  const last = connection?.since ?? probe.last_seen;
  return {
    id: probe.number,
    type: 'Probe',
    status: { ...PROBE_STATUSES[presence], since: `${since.toISOString().slice(0, 19)}Z` },
    status_since: wholeSeconds(since),
    first_connected:
      probe.last_seen === undefined && connection === undefined ? null : wholeSeconds(probe.created_at),
    last_connected: last === undefined ? null : wholeSeconds(last),
    ...networkOf(probe),
    ...addressesOf(isOwn ? connection?.address : undefined),
    geometry: { type: 'Point', coordinates: probe.location.coordinates },
    description: probe.name ?? '',
    is_anchor: probe.anchor === true,
    is_public: true,
    tags: tagsOf(probe).map((name) => ({ name, slug: name.toLowerCase() })),
    total_uptime:
      connection === undefined ? 0 : Math.max(0, wholeSeconds(now) - wholeSeconds(connection.since)),
  };
}

function addressesOf(address: string | undefined): Members {
  const family = familyOf(address);
  return { address_v4: family === 4 ? address : null, address_v6: family === 6 ? address : null };
}

function networkOf(probe: ProbeEntity): Members {
  return {
    country_code: probe.country?.toUpperCase() ?? null,
    asn_v4: probe.asn_v4 ?? null,
    asn_v6: probe.asn_v6 ?? null,
    prefix_v4: probe.prefix_v4 ?? null,
    prefix_v6: probe.prefix_v6 ?? null,
  };
}

/** A probe that is run for others to measure to. What nobody knows is empty, or null. */
export function atlasAnchor(probe: ProbeEntity): Members {
  return {
    id: probe.number,
    type: 'Anchor',
    probe: probe.number,
    fqdn: '',
    country: probe.country?.toUpperCase() ?? '',
    city: probe.city ?? '',
    company: '',
    ip_v4: null,
    ip_v6: null,
    as_v4: probe.asn_v4 ?? null,
    as_v6: probe.asn_v6 ?? null,
    geometry: { type: 'Point', coordinates: probe.location.coordinates },
    is_ipv4_only: probe.capabilities?.ipv6 !== true,
    is_disabled: probe.suspended !== undefined,
    ip_v4_gateway: null,
    ip_v6_gateway: null,
    ip_v4_netmask: null,
    ip_v6_netmask: null,
    nic_handle: '',
    tlsa_record: '',
    hardware_version: null,
    date_live: wholeSeconds(probe.created_at),
    date_decommissioned: null,
  };
}
