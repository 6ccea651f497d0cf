import { type Coverage, type Operation, type Probe } from '../api/client.js';
import { type Colours } from '../terminal/terminal.js';
import { safe, safeDeep } from '../terminal/safe.js';
import { spark } from './spark.js';
import { age, type Column, count, ms, percent, table, time } from './text.js';

const PROBES: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME' },
  { title: 'CONNECTED' },
  { title: 'PLACE' },
  { title: 'FAMILIES' },
  { title: 'UPTIME', align: 'right' },
  { title: 'SHARE', align: 'right' },
  { title: 'TAGS' },
];

export function probeTable(given: readonly Probe[], colours: Colours, now: number): string[] {
  const rows = safeDeep(given).map((probe) => [
    probe.id,
    probe.name ?? '-',
    probe.connected ? colours.green('yes') : `no (${age(probe.last_seen, now)})`,
    placeOf(probe),
    familiesOf(probe),
    percent(rounded(probe.reliability?.week.uptime)),
    percent(rounded(probe.reliability?.week.share)),
    probe.tags.join(' '),
  ]);
  return table(PROBES, rows);
}

export function probeLines(given: Probe, colours: Colours, now: number): string[] {
  const probe = safeDeep(given);
  const { status, connection } = probe;
  return named([
    ['probe', `${colours.bold(probe.name ?? '-')} ${probe.id}`],
    ['owner', probe.owner_id],
    ['place', placeOf(probe)],
    ['tags', probe.tags.join(' ') || '-'],
    [
      'connected',
      probe.connected
        ? `${colours.green('yes')}, since ${time(connection?.since)}`
        : `no, ${age(probe.last_seen, now)}`,
    ],
    ['kinds', probe.kinds?.join(' ') ?? '-'],
    ['families', familiesOf(probe)],
    ['software', connection?.version ?? '-'],
    [
      'clock',
      status === null
        ? '-'
        : `${ms(status.clock.offset_ms)} ± ${ms(status.clock.error_ms)} ms (${status.clock.source}), ${status.clock_trusted ? 'trusted' : 'not trusted'}`,
    ],
    [
      'waiting',
      status === null
        ? '-'
        : `${count(status.backlog.results, 'result')}, ${count(status.running, 'run')} under way`,
    ],
    [
      'last week',
      `uptime ${percent(rounded(probe.reliability?.week.uptime))}, ${percent(rounded(probe.reliability?.week.share))} of its runs came`,
    ],
  ]);
}

const OPERATIONS: readonly Column[] = [
  { title: 'ID' },
  { title: 'KIND' },
  { title: 'STATE' },
  { title: 'CREATED' },
  { title: 'PROBES', align: 'right' },
  { title: 'DUE', align: 'right' },
  { title: 'RECEIVED', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'TARGETS' },
];

const TARGETS_SHOWN = 3;

export function operationTable(given: readonly Operation[], colours: Colours): string[] {
  const rows = safeDeep(given).map((operation) => {
    const targets = targetsOf(operation);
    const more = targets.length - TARGETS_SHOWN;
    return [
      operation.id,
      operation.kind,
      stateOf(operation, colours),
      time(operation.created_at),
      String(operation.probe_count),
      String(operation.progress.due),
      String(operation.progress.received),
      String(operation.progress.failed),
      `${targets.slice(0, TARGETS_SHOWN).join(' ')}${more > 0 ? ` and ${more} more` : ''}`,
    ];
  });
  return table(OPERATIONS, rows);
}

export function operationLines(given: Operation, colours: Colours): string[] {
  const operation = safeDeep(given);
  const { progress } = operation;
  const states = Object.entries(progress.assignments).map(([state, n]) => `${n} ${state}`);
  return named([
    ['operation', `${colours.bold(operation.kind)} ${operation.id}, ${operation.visibility}`],
    ['targets', targetsOf(operation).join(' ')],
    ['schedule', scheduleOf(operation)],
    ['state', stateOf(operation, colours)],
    ['price', priceOf(operation)],
    ['probes', `${operation.probe_count}${states.length === 0 ? '' : ` (${states.join(', ')})`}`],
    ['runs', `${progress.due} due, ${progress.received} received, ${progress.failed} failed`],
    ['ends', time(operation.ends_at)],
  ]);
}

/** What is paid for it: `10 credits (10 a run, 1 run on 1 probe)`. */
export function priceOf(
  operation: Pick<Operation, 'credits' | 'cost_per_run' | 'runs_per_probe' | 'probe_count' | 'refunded'>,
): string {
  const { credits, cost_per_run, runs_per_probe, probe_count, refunded } = operation;
  const back = refunded === null ? '' : `, ${refunded} paid back`;
  return `${count(credits, 'credit')} (${cost_per_run} a run, ${count(runs_per_probe, 'run')} on ${count(probe_count, 'probe')})${back}`;
}

export function targetsOf({ params }: Operation): string[] {
  const members: Readonly<Record<string, unknown>> = { ...params };
  return ['ips', 'fqdns', 'name', 'urls'].flatMap((member) => {
    const named = members[member];
    return Array.isArray(named) ? named.map(String) : [];
  });
}

function scheduleOf({ schedule }: Operation): string {
  if (schedule.type === 'once') return `once, at ${time(schedule.at)}`;
  const rhythm = schedule.type === 'interval' ? `every ${schedule.every_s} s` : `cron ${schedule.cron}`;
  return `${rhythm}, ${time(schedule.start)} to ${time(schedule.stop)}`;
}

function stateOf({ state }: Operation, colours: Colours): string {
  if (state === 'running' || state === 'scheduled') return colours.green(state);
  return state === 'stopped' ? colours.yellow(state) : state;
}

const FATES: readonly Column[] = [
  { title: 'FATE' },
  { title: 'RUNS', align: 'right' },
  { title: 'SHARE', align: 'right' },
];

/** Which runs came, over time, by fate and by probe. @param names of its probes, by id */
export function coverageLines(
  coverage: Coverage,
  probes: Coverage['probes'],
  names: ReadonlyMap<string, string>,
): string[] {
  const { due, fates, buckets } = coverage;
  const shares = buckets.map((bucket) => bucket.fates.received / Math.max(1, bucket.due));
  const met = Object.entries(fates).filter(([, n]) => n > 0);
  const reasons = Object.entries(coverage.failed_by_reason).map(([reason, n]) => `${n} ${safe(reason)}`);
  const byProbe = probes.map((probe) => [
    safe(names.get(probe.probe_id) ?? probe.probe_id),
    probe.state,
    String(probe.due),
    String(probe.fates.received),
    percent(rounded(probe.due === 0 ? null : probe.fates.received / probe.due)),
    Object.entries(probe.fates)
      .filter(([fate, n]) => n > 0 && fate !== 'received')
      .map(([fate, n]) => `${n} ${fate}`)
      .join(', '),
  ]);
  return [
    `${count(due, 'run')} due of ${coverage.planned} planned, ${coverage.upcoming} to come, ${coverage.extra} beyond the schedule`,
    ...(buckets.length < 2
      ? []
      : [
          `received over time (${coverage.bucket_s} s a bar): ${spark([0, ...shares, 1], shares.length + 2).slice(1, -1)}`,
        ]),
    ...table(
      FATES,
      met.map(([fate, n]) => [fate, String(n), percent(rounded(n / Math.max(1, due)))]),
    ),
    ...(reasons.length === 0 ? [] : [`failed: ${reasons.join(', ')}`]),
    '',
    ...table(
      [
        { title: 'PROBE' },
        { title: 'STATE' },
        { title: 'DUE', align: 'right' },
        { title: 'RECEIVED', align: 'right' },
        { title: 'SHARE', align: 'right' },
        { title: 'OTHERS' },
      ],
      byProbe,
    ),
  ];
}

function placeOf({ location: { latitude, longitude } }: Probe): string {
  return `${Math.abs(latitude).toFixed(2)}${latitude < 0 ? 'S' : 'N'} ${Math.abs(longitude).toFixed(2)}${longitude < 0 ? 'W' : 'E'}`;
}

function familiesOf({ ipv4, ipv6 }: Probe): string {
  return [...(ipv4 === true ? ['4'] : []), ...(ipv6 === true ? ['6'] : [])].join('+') || '-';
}

/** To a tenth of a per cent, downwards: what is not whole is never shown as 100 %. */
function rounded(share: number | null | undefined): number | null | undefined {
  return typeof share === 'number' ? Math.floor(share * 1000) / 1000 : share;
}

function named(members: readonly (readonly [string, string])[]): string[] {
  return members.map(([name, value]) => `${name.padEnd(10)} ${value}`);
}
