import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readClock } from '@pladmed/sntp';
import type { z } from 'zod';
import { type Clock, correctedClock, type Timer } from './clock/clock.js';
import { ClockEstimator } from './clock/estimate.js';
import { type TimeWatch, watchNtp } from './clock/watch.js';
import type { Settings } from './config/config.js';
import { identityOf } from './config/identity.js';
import { packageVersion } from './platform/version.js';
import { Connection } from './connection/connection.js';
import { Delivery } from './delivery/delivery.js';
import { FullSync } from './full.sync.js';
import { Authorities } from './host/authorities.js';
import { FamilyWatch } from './host/families.js';
import { kindByName } from './kinds/index.js';
import { scamperVersion } from './measuring/scamper.js';
import { resolveBySystem } from './host/lookup.js';
import { PacketPacer } from './limits/packets.js';
import { Usage } from './limits/usage.js';
import { type Log, remembering } from './platform/log.js';
import { ConfigReload } from './config/reload.js';
import { LiveRules, rulesOf } from './policy/rules.js';
import {
  type Handshake,
  type Operation,
  PROTOCOL,
  statusAnswerSchema,
  type SyncAnswer,
  type syncSchema,
} from './protocol/protocol.js';
import { readOperations, wouldBeTooMany } from './reconcile.js';
import { endLeftovers } from './programs/leftovers.js';
import { Runner } from './runs/runner.js';
import { Scheduler } from './scheduler/scheduler.js';
import { Problems, StatusBoard } from './status/board.js';
import { RunJournal } from './store/run-journal.js';
import { type FolderLock, lockFolder } from './store/lock.js';
import { recoverRuns } from './store/recovery.js';
import { ResultStore, temporaryFolderIn } from './store/result.store.js';

/** A run under way at a SIGTERM may end by itself within this. */
const STOP_GRACE_MS = 5_000;
/** Reports of failed runs are held back that much behind the server's time, in case the host's clock is ahead. */
const HORIZON_MS = 1_000;
/** So long measuring waits for a first comparison of the clock. */
const COMPARED_WITHIN_MS = 3_000;
/** Ten thousand probes whose day begins anew do not come back in the same second. */
const RETURN_SPREAD_MS = 60_000;

interface Parts {
  clock: Clock;
  log: Log;
  lock: FolderLock;
  estimator: ClockEstimator;
  rules: LiveRules;
  ntp: TimeWatch;
  runJournal: RunJournal;
  results: ResultStore;
  usage: Usage;
  runner: Runner;
  scheduler: Scheduler;
  delivery: Delivery;
  families: FamilyWatch;
  authorities: Authorities;
}

/** The probe: its parts, put together, and their life from start to stop. */
export class Agent {
  private statusTimer: Timer | null = null;
  private readonly connection: Connection;
  private readonly board: StatusBoard;
  private readonly config: ConfigReload;
  private readonly fullSync = new FullSync();

  private constructor(
    private readonly parts: Parts,
    private readonly settings: Settings,
    read: () => Settings,
    folder: string,
    problems: Problems,
  ) {
    const { clock, log, rules, usage, delivery } = parts;
    const server = new URL(settings.server).host;
    this.connection = new Connection(
      {
        server: settings.server,
        handshake: () => this.handshake(),
        authorities: () => parts.authorities.list,
      },
      {
        connected: () => {
          log.info({ server }, 'connected');
          delivery.connected(this.connection);
          this.reportStatus();
          this.board.changed();
        },
        disconnected: (reason) => {
          log.warn({ reason }, 'disconnected');
          this.fullSync.forget();
          this.board.changed();
        },
        sync: (message) => this.sync(message),
        stop: (id) => this.stopOperation(id),
        bytes: (count) => {
          this.countLink(count);
        },
      },
      clock,
      log,
    );
    const isConnected = (): boolean => this.connection.connected;
    this.board = new StatusBoard({ ...parts, folder, server, isConnected }, problems);
    const onChange = (kindsChanged: boolean): void => {
      parts.runner.rulesChanged();
      if (usage.allows('link')) this.connection.resume();
      // The server knows the kinds from the handshake.
      if (kindsChanged) this.connection.renew();
      delivery.kick();
      this.board.changed();
    };
    this.config = new ConfigReload({ settings, read, rules, log, onChange });
  }

  /**
   * Opens the probe's memory and begins to work.
   * @param read puts the settings together anew, when the host has changed its configuration
   * @throws FolderInUse, or the error of the file system
   */
  static async start(
    settings: Settings,
    clock: Clock,
    output: Log,
    read: () => Settings = () => settings,
  ): Promise<Agent> {
    const problems = new Problems(clock);
    const log = remembering(output, (message) => {
      problems.note(message);
    });
    const named = join(settings.dataDir, identityOf(settings.token));
    await mkdir(named, { recursive: true, mode: 0o700 });
    const folder = await realpath(named);
    const lock = await lockFolder(folder);
    await endLeftovers(temporaryFolderIn(folder), log);
    const rules = new LiveRules(rulesOf(settings));
    const limits = (): typeof rules.current.limits => rules.current.limits;
    const estimator = new ClockEstimator(clock);
    const results = await ResultStore.open(folder, settings.storeBytes);
    const runJournal = await RunJournal.open(folder);
    if (runJournal.damaged > 0)
      log.error({ lines: runJournal.damaged }, 'the journal was damaged; a copy is set aside');
    await recoverRuns(runJournal, results, estimator.estimate(), log);
    const usage = new Usage(clock, runJournal, limits);
    const delivery = new Delivery({
      clock,
      runJournal,
      results,
      usage,
      log,
      estimate: () => estimator.estimate(),
      horizon: () => (estimator.isKnown ? estimator.serverNow() + HORIZON_MS : Number.NEGATIVE_INFINITY),
    });
    const onSettled = (): void => {
      delivery.kick();
    };
    const shared = { clock, estimator, runJournal, results, log, onSettled };
    const packets = new PacketPacer(clock, limits);
    const { scamper } = settings;
    const authorities = new Authorities(settings.authorities);
    const resolve = resolveBySystem;
    const runner = new Runner({ ...shared, rules, packets, usage, resolve, authorities, scamper });
    // Runs are due by the time of the platform, whatever this host's clock says.
    const corrected = correctedClock(clock, () => estimator.serverNow());
    const scheduler = new Scheduler({ ...shared, clock: corrected, runner });
    const ntp = watchNtp(settings, clock, estimator, log);
    const families = new FamilyWatch(clock);
    const ofHost = { rules, ntp, families, authorities };
    const parts = { ...shared, ...ofHost, lock, usage, delivery, runner, scheduler };
    const agent = new Agent(parts, settings, read, folder, problems);
    estimator.onJump = () => {
      scheduler.wake();
    };
    estimator.onNews = () => {
      agent.reportStatus();
    };
    families.onChange = () => {
      agent.reportStatus();
    };
    await families.start();
    void scamperVersion(scamper).then((version) => {
      log.info({ scamper: version ?? 'unknown' }, 'the version of scamper');
      agent.board.scamper = version;
    });
    agent.connection.open();
    ntp.start();
    agent.followChanges([]);
    agent.statusEvery();
    agent.board.start();
    agent.config.start();
    return agent;
  }

  /** The host wants its configuration read now. */
  reload(): void {
    this.config.reload();
  }

  /** Begins nothing more, gives what is under way a moment, keeps everything on disk. */
  async stop(): Promise<void> {
    this.config.stop();
    this.statusTimer?.cancel();
    this.parts.ntp.stop();
    this.parts.families.stop();
    await this.parts.scheduler.stop();
    await this.parts.runner.stop(STOP_GRACE_MS);
    await this.parts.delivery.stop();
    this.connection.close();
    this.parts.usage.record();
    await this.board.stop();
    await this.parts.runJournal.close();
    this.parts.lock.release();
  }

  private handshake(): Handshake {
    const { rules, families } = this.parts;
    const { policy } = rules.current;
    return {
      token: this.settings.token,
      protocol: PROTOCOL.version,
      version: packageVersion().slice(0, PROTOCOL.maxVersionLength),
      capabilities: {
        kinds: [...kindByName.keys()].filter((kind) => policy.kindRefusal(kind) === null),
        ...families.current,
      },
      total_credits: this.settings.totalCredits,
      sync_parts: true,
    };
  }

  private async sync(message: z.infer<typeof syncSchema>): Promise<SyncAnswer> {
    const { runJournal, rules, log } = this.parts;
    const { full, part, operations } = message;
    if (full) this.fullSync.begin(part);
    else if (wouldBeTooMany(operations, runJournal.held)) await this.forgetOver();
    const held = full ? this.fullSync.held : runJournal.held;
    const { accepted, refused } = readOperations(operations, rules.current.policy, held);
    const dropped = new Set([...message.stopped, ...refused.map(({ operation_id }) => operation_id)]);
    if (this.fullSync.isUnderWay) this.fullSync.add(accepted);
    if (full && message.more !== true) {
      for (const id of this.fullSync.finish(runJournal.operationIds())) dropped.add(id);
    }
    await this.reconcile(accepted, dropped);
    const counts = { operations: accepted.length, dropped: dropped.size, refused: refused.length };
    log.info({ full, ...(part !== undefined && { part }), ...counts }, 'synced');
    return { refused };
  }

  /** Operations that are over take up room until the next full sync: where it is needed they go before. */
  private async forgetOver(): Promise<void> {
    const { runJournal, results } = this.parts;
    const kept = new Set(Object.keys(results.byOperation(Number.POSITIVE_INFINITY)));
    await this.reconcile([], new Set(runJournal.over().filter((id) => !kept.has(id))));
  }

  private async stopOperation(id: string): Promise<void> {
    await this.reconcile([], new Set([id]));
    this.parts.log.info({ operation_id: id }, 'stopped');
  }

  private async reconcile(add: Operation[], drop: ReadonlySet<string>): Promise<void> {
    const { runJournal, runner } = this.parts;
    await runJournal.reconcile(add, drop);
    await runner.cancelWaiting(drop);
    this.followChanges([...drop, ...add.map(({ operation_id }) => operation_id)]);
  }

  /** A clock that is minutes off would begin runs at the wrong time: it has a moment to be compared first. */
  private followChanges(ids: string[]): void {
    void this.parts.estimator.compared(COMPARED_WITHIN_MS).then(() => {
      this.parts.scheduler.changed(ids);
    });
  }

  /** A server that sends without end does not get past the host's limit: nobody listens until the count begins anew. */
  private countLink(bytes: number): void {
    const { usage, clock, log } = this.parts;
    usage.count(bytes);
    if (usage.allows('link')) return;
    const until = usage.freeAgainAt + Math.random() * RETURN_SPREAD_MS;
    if (this.connection.pause(until - clock.now()))
      log.error(
        { until: new Date(until).toISOString() },
        "the day's bytes are used up: not connected until then",
      );
  }

  private statusEvery(): void {
    this.statusTimer = this.parts.clock.setTimer(() => {
      this.reportStatus();
      // Reports that were held back for the clock's sake, or results for the host's limit, may be due now.
      this.parts.delivery.kick();
      this.statusEvery();
    }, PROTOCOL.statusIntervalMs);
  }

  private reportStatus(): void {
    if (!this.connection.connected) return;
    const { clock, estimator, delivery, log } = this.parts;
    const report = this.board.report();
    const sent = readClock(clock);
    this.connection.request('status', report).then(
      (answer) => {
        const roundTripMs = clock.monotonic() - sent.monotonic;
        const read = statusAnswerSchema.safeParse(answer);
        if (read.success) estimator.recordExchange({ sent, roundTripMs }, read.data);
        delivery.kick();
      },
      () => {
        log.debug('the status was not acknowledged');
      },
    );
  }
}
