import { mkdir, realpath } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:net';
import type { z } from 'zod';
import type { Clock, Timer } from './clock/clock.js';
import { ClockEstimator } from './clock/estimate.js';
import { NtpWatch } from './clock/watch.js';
import type { Settings } from './config/config.js';
import { identityOf } from './config/identity.js';
import { packageVersion } from './config/version.js';
import { Connection } from './connection/connection.js';
import { Delivery } from './delivery/delivery.js';
import { kindByName } from './kinds/index.js';
import { TargetGuard } from './kinds/targets.js';
import { type Log, remembering } from './log.js';
import { HostPolicy } from './policy/policy.js';
import {
  type Handshake,
  type Operation,
  PROTOCOL,
  statusAnswerSchema,
  type StatusReport,
  type SyncAnswer,
  type syncSchema,
} from './protocol.js';
import { readOperations } from './reconcile.js';
import { Runner } from './runs/runner.js';
import { Scheduler } from './scheduler/scheduler.js';
import { Ledger } from './store/ledger.js';
import { lockFolder } from './store/lock.js';
import { recoverRuns } from './store/recovery.js';
import { ResultStore } from './store/result.store.js';
import { type ProbeStatus, type Problem, STATUS_FILE_EVERY_MS, writeStatus } from './store/status.file.js';

/** A run under way at a SIGTERM may end by itself within this. */
const STOP_GRACE_MS = 5_000;
/** Reports of failed runs are held back that much behind the server's time, in case the host's clock is ahead. */
const HORIZON_MS = 1_000;
const PROBLEMS_KEPT = 10;
const RUNS_SHOWN = 5;

interface Parts {
  folder: string;
  problems: Problem[];
  ntp: NtpWatch;
  lock: Server | null;
  ledger: Ledger;
  results: ResultStore;
  runner: Runner;
  scheduler: Scheduler;
  delivery: Delivery;
}

/** The probe: its parts, put together, and their life from start to stop. */
export class Agent {
  private statusTimer: Timer | null = null;
  private fileTimer: Timer | null = null;
  private readonly connection: Connection;

  private constructor(
    private readonly parts: Parts,
    private readonly settings: Settings,
    private readonly policy: HostPolicy,
    private readonly estimator: ClockEstimator,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.connection = new Connection(
      { server: settings.server, handshake: () => this.handshake() },
      {
        connected: () => {
          log.info({ server: new URL(settings.server).host }, 'connected');
          this.parts.delivery.connected(this.connection);
          this.reportStatus();
        },
        disconnected: (reason) => {
          log.warn({ reason }, 'disconnected');
        },
        sync: (message) => this.sync(message),
        stop: (id) => this.stopOperation(id),
      },
      clock,
      log,
    );
  }

  /**
   * Opens the probe's memory and begins to work.
   * @throws FolderInUse, or the error of the file system
   */
  static async start(settings: Settings, clock: Clock, output: Log): Promise<Agent> {
    const problems: Problem[] = [];
    const log = remembering(output, (message) => {
      problems.push({ at: new Date(clock.now()).toISOString(), message });
      if (problems.length > PROBLEMS_KEPT) problems.shift();
    });
    const folder = join(settings.dataDir, identityOf(settings.token));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(await realpath(folder));
    const policy = new HostPolicy(settings);
    const estimator = new ClockEstimator(clock);
    const results = await ResultStore.open(folder, settings.storeBytes);
    const ledger = await Ledger.open(folder);
    if (ledger.damaged > 0)
      log.error({ lines: ledger.damaged }, 'the journal was damaged; a copy is set aside');
    await recoverRuns(ledger, results, estimator.estimate(), log);
    const delivery = new Delivery({
      clock,
      ledger,
      results,
      log,
      estimate: () => estimator.estimate(),
      horizon: () => estimator.serverNow() + HORIZON_MS,
    });
    const onSettled = (): void => {
      delivery.kick();
    };
    const limits = {
      concurrentRuns: settings.concurrentRuns,
      packetsPerSecond: settings.packetsPerSecond,
      runMs: settings.runSeconds * 1000,
    };
    const targets = new TargetGuard(policy);
    const { scamper } = settings;
    const runner = new Runner({
      clock,
      estimator,
      ledger,
      results,
      policy,
      targets,
      limits,
      scamper,
      log,
      onSettled,
    });
    const scheduler = new Scheduler({ clock, estimator, ledger, results, runner, log, onSettled });
    const ntp = new NtpWatch({ host: settings.ntpServer, port: settings.ntpPort }, clock, estimator, log);
    const parts = { folder, problems, ntp, lock, ledger, results, runner, scheduler, delivery };
    const agent = new Agent(parts, settings, policy, estimator, clock, log);
    scheduler.wake();
    agent.connection.open();
    ntp.start();
    agent.statusEvery();
    agent.fileEvery();
    return agent;
  }

  /** Begins nothing more, gives what is under way a moment, keeps everything on disk. */
  async stop(): Promise<void> {
    this.statusTimer?.cancel();
    this.fileTimer?.cancel();
    this.parts.ntp.stop();
    await this.parts.scheduler.stop();
    await this.parts.runner.stop(STOP_GRACE_MS);
    await this.parts.delivery.stop();
    this.connection.close();
    await this.parts.ledger.close();
    this.parts.lock?.close();
  }

  private handshake(): Handshake {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const outward = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
    return {
      token: this.settings.token,
      protocol: PROTOCOL.version,
      version: packageVersion().slice(0, PROTOCOL.maxVersionLength),
      capabilities: {
        kinds: [...kindByName.keys()].filter((kind) => this.policy.kindRefusal(kind) === null),
        ipv4: outward.some(({ family }) => family === 'IPv4'),
        ipv6: outward.some(({ family }) => family === 'IPv6'),
      },
      total_credits: this.settings.totalCredits,
    };
  }

  private async sync(message: z.infer<typeof syncSchema>): Promise<SyncAnswer> {
    const { accepted, refused } = readOperations(message.operations, this.policy);
    const dropped = new Set(message.stopped);
    for (const { operation_id } of refused) dropped.add(operation_id);
    if (message.full) {
      const wanted = new Set(accepted.map(({ operation_id }) => operation_id));
      for (const { operation } of this.parts.ledger.operations()) {
        if (!wanted.has(operation.operation_id)) dropped.add(operation.operation_id);
      }
    }
    await this.reconcile(accepted, dropped);
    this.log.info(
      { full: message.full, operations: accepted.length, dropped: dropped.size, refused: refused.length },
      'synced',
    );
    return { refused };
  }

  private async stopOperation(id: string): Promise<void> {
    await this.reconcile([], new Set([id]));
    this.log.info({ operation_id: id }, 'stopped');
  }

  private async reconcile(add: Operation[], drop: ReadonlySet<string>): Promise<void> {
    const { ledger, runner, scheduler } = this.parts;
    await ledger.reconcile(add, drop);
    for (const id of drop) await runner.cancelWaiting(id);
    scheduler.wake();
  }

  private statusEvery(): void {
    this.statusTimer = this.clock.setTimer(() => {
      this.reportStatus();
      // Reports that were held back for the clock's sake may be due now.
      this.parts.delivery.kick();
      this.statusEvery();
    }, PROTOCOL.statusIntervalMs);
  }

  private fileEvery(): void {
    void writeStatus(this.parts.folder, this.fullStatus()).catch(() => undefined);
    this.fileTimer = this.clock.setTimer(() => {
      this.fileEvery();
    }, STATUS_FILE_EVERY_MS);
  }

  private fullStatus(): ProbeStatus {
    const { ledger, runner, scheduler, delivery, problems } = this.parts;
    return {
      ...this.status(),
      written_at: new Date(this.clock.now()).toISOString(),
      pid: process.pid,
      server: new URL(this.settings.server).host,
      connected: this.connection.connected,
      operations: [...ledger.operations()].length,
      waiting: runner.waiting,
      delivered: delivery.delivered,
      refused: delivery.refused,
      failed_to_report: ledger.gapCount,
      held_by: scheduler.heldBy,
      next_runs: scheduler
        .upcoming(RUNS_SHOWN)
        .map(({ operation_id, at }) => ({ operation_id, at: new Date(at).toISOString() })),
      problems,
    };
  }

  private reportStatus(): void {
    if (!this.connection.connected) return;
    const sentAt = this.clock.now();
    this.connection.request('status', this.status()).then(
      (answer) => {
        const read = statusAnswerSchema.safeParse(answer);
        if (read.success)
          this.estimator.recordExchange(sentAt, Date.parse(read.data.server_time), this.clock.now());
        this.parts.delivery.kick();
      },
      () => {
        this.log.debug('the status was not acknowledged');
      },
    );
  }

  private status(): StatusReport {
    const { results, ledger, runner } = this.parts;
    return {
      backlog: { results: results.count, bytes: results.bytes },
      running: runner.running,
      in_use_credits: ledger.creditsInUse(),
      clock: this.estimator.estimate(),
    };
  }
}
