import { Injectable, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { HandshakePacing } from '../../platform/sockets/handshake-pacing.js';
import { ServerClockService } from '../../platform/clock/server-clock.service.js';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { LiveWatchers } from '../../platform/limits/live-watchers.js';
import { ReliabilityService } from '../../core/reliability/index.js';
import { OperationFeed } from '../../core/delivery/index.js';
import { type ClockEstimate, isTrusted } from '../../core/probes/index.js';
import { ConnectedProbes, ProbeProtocols } from '../../core/presence/index.js';
import { IngestService, ResultFeed, ResultsTail, type TailLag } from '../../core/ingest/index.js';

/** What Prometheus asks for. Counters are of this process; sums over servers are Prometheus's work. */
@Injectable()
export class MetricsService implements OnModuleInit {
  private readonly registry = new Registry();

  /** of the consumers of the results tail, at the last scrape: two figures are made of it */
  private lags: Promise<readonly TailLag[]> = Promise.resolve([]);

  constructor(
    private readonly connected: ConnectedProbes,
    private readonly protocols: ProbeProtocols,
    private readonly results: IngestService,
    private readonly resultFeed: ResultFeed,
    private readonly operationFeed: OperationFeed,
    private readonly limitHits: LimitHits,
    private readonly clock: ServerClockService,
    private readonly watchers: LiveWatchers,
    private readonly bus: PlatformBus,
    private readonly leases: LeasesService,
    private readonly reliability: ReliabilityService,
    private readonly pacing: HandshakePacing,
    private readonly tail: ResultsTail,
  ) {}

  get contentType(): string {
    return this.registry.contentType;
  }

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'pladmed_' });
    // gauges that are called counters; their parts (`_handles`, `_requests`, `_resources`) add up to them
    for (const what of ['handles', 'requests', 'resources'])
      this.registry.removeSingleMetric(`pladmed_nodejs_active_${what}_total`);
    this.countResults();
    this.countDeliveries();
    this.showServers();
    this.showWatchers();
    this.gauge('pladmed_probes_connected', 'Probes connected to this server', ['protocol'], (gauge) => {
      for (const [protocol, count] of this.connected.countByProtocol(this.protocols.labels()))
        gauge.set({ protocol }, count);
    });
    this.gauge('pladmed_handshakes_waiting', 'Sockets that wait to be let in', [], (gauge) => {
      gauge.set(this.pacing.waiting);
    });
    this.gauge('pladmed_ingest_backlog_bytes', 'Bytes of results that are not durable yet', [], (gauge) => {
      gauge.set(this.results.backlog.bytes);
    });
    this.gauge('pladmed_ingest_backlog_items', 'Results that are not durable yet', [], (gauge) => {
      gauge.set(this.results.backlog.items);
    });
    this.countLimitHits();
    this.showReliability();
    this.showTail();
    this.total('pladmed_results_refused_total', 'Results refused, by reason', ['reason'], (add) => {
      for (const [reason, count] of this.results.refusalCounts()) add({ reason }, count);
    });
    this.showProbeClocks();
    this.showServerClock();
  }

  async text(): Promise<string> {
    // the other figures are worth reading while the database is away
    this.lags = this.tail.lags().catch(() => []);
    return this.registry.metrics();
  }

  /** The same at every server: what has become durable, and how far derived data is behind it. */
  private showTail(): void {
    this.gauge(
      'pladmed_tail_results',
      'Runs accounted for since the platform began, over all servers',
      [],
      async (gauge) => {
        gauge.remove();
        const count = await this.tail.count().catch(() => undefined);
        if (count !== undefined) gauge.set(count);
      },
    );
    for (const [unit, what] of [
      ['results', 'Results that a consumer of the results tail has not done yet, over all servers'],
      ['seconds', 'Since the oldest result that a consumer of the results tail has not done became durable'],
    ] as const) {
      this.gauge(`pladmed_tail_behind_${unit}`, what, ['consumer'], async (gauge) => {
        gauge.reset();
        for (const lag of await this.lags) gauge.set({ consumer: lag.consumer }, lag[unit]);
      });
    }
  }

  private showReliability(): void {
    this.gauge(
      'pladmed_reliability_pass_seconds',
      'How long the last measure of all probes took on this server, with its rests',
      [],
      (gauge) => {
        if (this.reliability.lastPass) gauge.set(this.reliability.lastPass.seconds);
      },
    );
    this.gauge('pladmed_reliability_pass_probes', 'Probes that the last measure was of', [], (gauge) => {
      if (this.reliability.lastPass) gauge.set(this.reliability.lastPass.probes);
    });
  }

  private countResults(): void {
    const stored = new Counter({
      name: 'pladmed_results_total',
      help: 'Runs accounted for by this server',
      labelNames: ['outcome', 'format'],
      registers: [this.registry],
    });
    const offSchedule = new Counter({
      name: 'pladmed_results_off_schedule_total',
      help: 'Results that name a time at which no run was due',
      registers: [this.registry],
    });
    this.resultFeed.results.subscribe(({ result }) => {
      if (result.off_schedule === true) offSchedule.inc();
      stored.inc({ outcome: result.outcome, format: result.format ?? 'none' });
    });
  }

  private countDeliveries(): void {
    const deliveries = new Counter({
      name: 'pladmed_deliveries_total',
      help: 'Assignments handed to probes by this server',
      labelNames: ['answer'],
      registers: [this.registry],
    });
    this.operationFeed.changes.subscribe(({ answer }) => {
      deliveries.inc({ answer: answer.outcome });
    });
  }

  private countLimitHits(): void {
    this.total(
      'pladmed_limit_hits_total',
      'How often a bound turned somebody away or made them wait (docs/operations.md, "Limits")',
      ['bound'],
      (add) => {
        for (const [bound, hits] of this.limitHits.counts()) add({ bound }, hits);
      },
    );
  }

  /** How the servers of the platform get on with each other. */
  private showServers(): void {
    if (this.bus.state !== 'off') {
      this.gauge('pladmed_bus_up', 'Whether this server hears the others through Redis', [], (gauge) => {
        gauge.set(this.bus.state === 'up' ? 1 : 0);
      });
    }
    this.total(
      'pladmed_bus_messages_total',
      'What servers told each other: sent, dropped because it could not be sent, received, refused as no message of ours',
      ['topic', 'outcome'],
      (add) => {
        for (const [topic, tally] of this.bus.tallies())
          for (const [outcome, count] of Object.entries(tally)) add({ topic, outcome }, count);
      },
    );
    this.gauge(
      'pladmed_lease_held',
      'Whether this server does a piece of periodic work now',
      ['work'],
      (gauge) => {
        for (const [work, held] of this.leases.held()) gauge.set({ work }, held ? 1 : 0);
      },
    );
  }

  private showWatchers(): void {
    this.gauge('pladmed_live_watchers', 'Connections that watch live events at this server', [], (gauge) => {
      gauge.set(this.watchers.count);
    });
  }

  /** A counter that somebody else counts. */
  private total<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (add: (labels: Partial<Record<Label, string>>, count: number) => void) => void,
  ) {
    const counter = new Counter<Label>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        counter.reset();
        read((labels, count) => {
          counter.inc(labels, count);
        });
      },
    });
  }

  /** All probes together: a series for each would be ten thousand, and /api/v1/probes shows each. */
  private showProbeClocks(): void {
    this.gauge(
      'pladmed_probe_clocks',
      'Connected probes by their clock: trusted (surely within a second of the true time), off, or unknown',
      ['state'],
      (gauge) => {
        const counts = { trusted: 0, off: 0, unknown: 0 };
        for (const clock of this.connected.clockEstimates().values()) counts[stateOf(clock)] += 1;
        for (const [state, count] of Object.entries(counts)) gauge.set({ state }, count);
      },
    );
    this.gauge(
      'pladmed_probe_clock_offset_max_seconds',
      'The largest offset, either way, of the clock of a connected probe, as it estimates it',
      [],
      (gauge) => {
        const offsets = [...this.connected.clockEstimates().values()].map(({ offset_ms }) => offset_ms ?? 0);
        gauge.set(offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0) / 1000);
      },
    );
  }

  private showServerClock(): void {
    const show = (member: 'offset_ms' | 'error_ms' | 'age_s' | 'stratum', unit: number) => (gauge: Gauge) => {
      gauge.reset();
      const value = this.clock.now()[member];
      // reset() leaves a gauge without labels at 0, which is a figure too
      if (value === null) gauge.remove();
      else gauge.set(value * unit);
    };
    this.gauge(
      'pladmed_server_clock_offset_seconds',
      'NTP_SERVER’s time minus this server’s',
      [],
      show('offset_ms', 0.001),
    );
    this.gauge('pladmed_server_clock_error_seconds', 'Error bound of that', [], show('error_ms', 0.001));
    this.gauge('pladmed_server_clock_age_seconds', 'Since that comparison', [], show('age_s', 1));
    this.gauge('pladmed_server_clock_stratum', 'Of NTP_SERVER', [], show('stratum', 1));
  }

  private gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (gauge: Gauge<Label>) => void | Promise<void>,
  ) {
    const gauge = new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: (): void | Promise<void> => read(gauge),
    });
  }
}

function stateOf(clock: ClockEstimate): 'trusted' | 'off' | 'unknown' {
  if (clock.offset_ms === null) return 'unknown';
  return isTrusted(clock) ? 'trusted' : 'off';
}
