import type { Schemas } from '../src/api/client.js';

/** What the API sends, with what a test says of it. */
export function anOperation(
  change: Partial<Schemas['PingOperationDto']> = {},
  ips = ['192.0.2.1'],
): Schemas['PingOperationDto'] {
  return {
    id: 'op1',
    number: 1,
    owner_id: 'ann',
    description: null,
    tags: [],
    kind: 'ping',
    params: { ips, probecount: 4, method: 'icmp-echo', timeout: 2, wait: 1 },
    schedule: { type: 'once' },
    visibility: 'public',
    state: 'running',
    cost_per_run: 1,
    runs_per_probe: 100,
    credits: 200,
    refunded: null,
    probe_count: 2,
    selection: null,
    progress: { due: 50, received: 40, failed: 0, assignments: {} },
    created_at: '2026-11-29T12:00:00.000Z',
    updated_at: '2026-11-29T12:00:00.000Z',
    revision: 1,
    ends_at: '2026-11-30T12:00:00.000Z',
    stopped_at: null,
    import_id: null,
    retention: null,
    results_kept_from: null,
    raw_kept_from: null,
    ...change,
  };
}

export function anAccount(change: Partial<Schemas['UserDto']> = {}): Schemas['UserDto'] {
  return {
    id: 'ann',
    email: 'ann@example.org',
    credits: 1_000,
    is_superuser: false,
    picture_url: null,
    created_at: '2026-11-29T12:00:00.000Z',
    updated_at: '2026-11-29T12:00:00.000Z',
    revision: 1,
    ...change,
  };
}
