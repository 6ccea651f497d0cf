import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { OperationsService } from '../../core/operations/index.js';
import { ProbesService, type ProbeTotals } from '../../core/probes/index.js';
import { ResultReader } from '../../core/results/index.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { ActivityRepository } from './activity.repository.js';
import { MissingService } from './missing.service.js';

/** How often figures are made anew, whoever asks. */
export const REPORT_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;
/** Of one user so many operations are looked at, the newest. */
const MOST_OPERATIONS = 1_000;
/** Users whose figures are remembered. */
const MOST_USERS = 1_000;

/** What goes on now, of what belongs to one user. */
export interface OwnReport {
  /** when it was made, RFC 3339 */
  at: string;
  probes: Pick<ProbeTotals, 'registered' | 'connected'>;
  operations_running: number;
  /** of the last full minute */
  results_per_minute: number;
  failed_per_minute: number;
  /** runs that were due in an hour until two minutes ago, and of which nothing came; null: not counted yet */
  missing_last_hour: number | null;
  /** what connected probes keep and have not brought yet */
  backlog: { results: number; bytes: number };
}

/** The same of all users together. */
export type PlatformReport = OwnReport;

/** The periodic report: of the platform over all servers, and of each user. Nobody's operation can be told from it. */
@Injectable()
export class ReportService {
  private readonly platforms = new LRUCache<'platform', PlatformReport>({
    ...{ max: 1, ttl: REPORT_EVERY_MS },
    fetchMethod: () => this.ofPlatform(),
  });
  private readonly users = new LRUCache<string, OwnReport>({
    ...{ max: MOST_USERS, ttl: REPORT_EVERY_MS },
    fetchMethod: (id) => this.ofUser(new ObjectId(id)),
  });

  constructor(
    private readonly activity: ActivityRepository,
    private readonly probes: ProbesService,
    private readonly operations: OperationsService,
    private readonly results: ResultReader,
    private readonly missing: MissingService,
    private readonly clock: PlatformClock,
  ) {}

  async platform(): Promise<PlatformReport> {
    return this.platforms.forceFetch('platform');
  }

  async own(user: ObjectId): Promise<OwnReport> {
    return this.users.forceFetch(user.toHexString());
  }

  private async ofPlatform(): Promise<PlatformReport> {
    const { from, to } = this.lastMinute();
    const [totals, running, [minute], missing] = await Promise.all([
      this.probes.totals(),
      this.operations.countRunning(),
      this.activity.findBetween(from, to),
      this.missing.lastHour(),
    ]);
    return this.reportOf(totals, running, { stored: 0, failed: 0, ...minute, missing });
  }

  private async ofUser(user: ObjectId): Promise<OwnReport> {
    const { from, to } = this.lastMinute();
    const operations = await this.operations.unendedOf(user, MOST_OPERATIONS);
    const [totals, running, counts, missing] = await Promise.all([
      this.probes.totals(user),
      this.operations.countRunning(operations),
      this.results.countReceived(operations, from, to),
      this.missing.lastHour(user.toHexString()),
    ]);
    return this.reportOf(totals, running, { ...counts, missing });
  }

  private lastMinute(): { from: Date; to: Date } {
    const to = Math.floor(this.clock.now().getTime() / MINUTE_MS) * MINUTE_MS;
    return { from: new Date(to - MINUTE_MS), to: new Date(to) };
  }

  private reportOf(
    { registered, connected, kept_results, kept_bytes }: ProbeTotals,
    running: number,
    { stored, failed, missing }: { stored: number; failed: number; missing: number | null },
  ): OwnReport {
    return {
      at: this.clock.now().toISOString(),
      probes: { registered, connected },
      operations_running: running,
      ...{ results_per_minute: stored, failed_per_minute: failed, missing_last_hour: missing },
      backlog: { results: kept_results, bytes: kept_bytes },
    };
  }
}
