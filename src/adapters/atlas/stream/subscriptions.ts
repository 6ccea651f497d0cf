import { Injectable } from '@nestjs/common';
import { filter, type Observable } from 'rxjs';
import { setTimeout as rest } from 'node:timers/promises';
import { type OperationEntity } from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { ProbesService } from '../../../core/probes/index.js';
import {
  OwnTimes,
  type ReadResult,
  ResultReader,
  ResultsFollower,
  WHOLE,
  WholeResults,
} from '../../../core/results/index.js';
import { ResultsTail } from '../../../core/ingest/index.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { statusOf } from '../measurements/measurement.presenter.js';
import { atlasProbe } from '../probes/probe.presenter.js';
import { type Members } from '../../../measurement/atlas/common.js';
import { atlasResultsOf, UNSHOWN } from '../../../measurement/atlas/present.js';
import { MeasurementStatuses } from './measurement-statuses.js';
import { type ProbeStatusChange, ProbeStatuses } from './probe-statuses.js';
import { type Wanted } from './request.js';

/** Results that are there when a client comes. */
const MOST_BACKLOG = 10_000;
/** By then a result that was stored is in the tail. */
const APPENDED_MS = 60_000;
/** How often a measurement is looked at whose status is followed. */
const LOOK_MS = 3_000;
/** Changes that wait for one slow client. */
const MOST_CHANGES = 1_000;

/** Sends a message; whoever has more to say waits for it. */
export type Say = (event: string, payload: unknown) => Promise<void>;

type ResultsWanted = Extract<Wanted, { stream: 'result' }>;

/** What subscriptions are made of, until their signal is aborted. */
@Injectable()
export class Subscriptions {
  constructor(
    private readonly operations: OperationsService,
    private readonly probes: ProbesService,
    private readonly times: OwnTimes,
    private readonly reader: ResultReader,
    private readonly tail: ResultsTail,
    private readonly follower: ResultsFollower,
    private readonly whole: WholeResults,
    private readonly statuses: ProbeStatuses,
    private readonly measurements: MeasurementStatuses,
    private readonly clock: PlatformClock,
  ) {}

  /** @throws DomainError not_found, before anything was said */
  async run(wanted: Wanted, parameters: Members, say: Say, gone: AbortSignal): Promise<void> {
    if (wanted.stream === 'probestatus') {
      await this.ofProbes(wanted, parameters, say, gone);
      return;
    }
    if (wanted.msm === undefined) {
      await sayChanges(this.measurements.changes, parameters, say, gone, (change) =>
        say('atlas_metadata', change),
      );
      return;
    }
    // nobody in particular: what is private is not there
    const operation = await this.operations.byNumber(wanted.msm);
    if (wanted.stream === 'metadata') await this.ofStatus(operation, parameters, say, gone);
    else await this.ofResults(operation, wanted, parameters, say, gone);
  }

  private async ofResults(
    operation: OperationEntity,
    wanted: ResultsWanted,
    parameters: Members,
    say: Say,
    gone: AbortSignal,
  ): Promise<void> {
    const probes = wanted.probes && (await this.probes.byNumbers(wanted.probes)).map(({ _id }) => _id);
    // before the backlog is read: what comes meanwhile follows this position
    const position = await this.tail.now();
    await say('atlas_subscribed', parameters);
    let said = new Set<string>();
    if (wanted.withBacklog) {
      said = await this.sayBacklog(operation, probes, wanted, say, gone);
      await say('atlas_backlog_sent', parameters);
    }
    const forgetAt = this.clock.now().getTime() + APPENDED_MS;
    const wants = (probe: ObjectId) => probes === undefined || probes.some((each) => each.equals(probe));
    const steps = this.follower.follow(operation._id, position, WHOLE, gone, operation.results_kept_from);
    for await (const { result } of steps) {
      if (said.size > 0 && this.clock.now().getTime() > forgetAt) said = new Set();
      // it was stored before the position, and appended behind it
      if (result === undefined || said.has(String(result._id)) || !wants(result.probe)) continue;
      await this.sayResult(operation, result, wanted, say, gone);
    }
  }

  /** @returns ids of what was said */
  private async sayBacklog(
    operation: OperationEntity,
    probes: ObjectId[] | undefined,
    wanted: ResultsWanted,
    say: Say,
    gone: AbortSignal,
  ): Promise<Set<string>> {
    const ids = await this.times.last(
      { operation: operation._id, probes, exceptReasons: UNSHOWN },
      MOST_BACKLOG,
    );
    const said = new Set(ids.map(String));
    for await (const result of this.reader.readByIds(ids, WHOLE)) {
      if (gone.aborted) break;
      await this.sayResult(operation, result, wanted, say, gone);
    }
    return said;
  }

  private async sayResult(
    operation: OperationEntity,
    read: ReadResult,
    { type }: ResultsWanted,
    say: Say,
    gone: AbortSignal,
  ): Promise<void> {
    for (const result of atlasResultsOf(operation, await this.whole.of(read, gone)))
      if (type === undefined || result['type'] === type) await say('atlas_result', result);
  }

  private async ofProbes(
    { probes, isEnriched }: Extract<Wanted, { stream: 'probestatus' }>,
    parameters: Members,
    say: Say,
    gone: AbortSignal,
  ): Promise<void> {
    const changes = this.statuses.changes.pipe(filter(({ number }) => probes?.includes(number) !== false));
    this.statuses.watchers += 1;
    try {
      await sayChanges(changes, parameters, say, gone, async (change) =>
        say('atlas_probestatus', await this.worded(change, isEnriched)),
      );
    } finally {
      this.statuses.watchers -= 1;
    }
  }

  private async worded(
    { number, connected, at, asn, prefix }: ProbeStatusChange,
    isEnriched: boolean,
  ): Promise<Members> {
    const [probe] = isEnriched ? await this.probes.byNumbers([number]) : [];
    return {
      prb_id: number,
      type: 'connection',
      event: connected ? 'connect' : 'disconnect',
      timestamp: at,
      asn,
      prefix,
      controller: 'pladmed',
      ...(probe && { probe: atlasProbe(probe, this.probes, this.clock.now()) }),
    };
  }

  private async ofStatus(
    operation: OperationEntity,
    parameters: Members,
    say: Say,
    gone: AbortSignal,
  ): Promise<void> {
    let before = statusOf(operation, this.clock.now())['id'];
    await say('atlas_subscribed', parameters);
    const isHere = () =>
      rest(LOOK_MS, true, { signal: gone, ref: false }).catch((error: unknown) => {
        if (gone.aborted) return false;
        throw error;
      });
    while (await isHere()) {
      const status = statusOf(await this.operations.byNumber(operation.number), this.clock.now());
      if (status['id'] === before) continue;
      before = status['id'];
      await say('atlas_metadata', { id: operation.number, status });
    }
  }
}

/** Says that it is subscribed, and then each change, until `gone`. Of a reader who is slow so many wait; what comes then is left out. */
async function sayChanges<Change>(
  changes: Observable<Change>,
  parameters: Members,
  say: Say,
  gone: AbortSignal,
  sayOne: (change: Change) => Promise<void>,
): Promise<void> {
  const waiting: Change[] = [];
  let wake = (): void => undefined;
  const stop = () => {
    wake();
  };
  const subscription = changes.subscribe((change) => {
    if (waiting.length >= MOST_CHANGES) return;
    waiting.push(change);
    wake();
  });
  gone.addEventListener('abort', stop, { once: true });
  try {
    await say('atlas_subscribed', parameters);
    while (!gone.aborted) {
      const change = waiting.shift();
      if (change !== undefined) {
        await sayOne(change);
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    gone.removeEventListener('abort', stop);
    subscription.unsubscribe();
  }
}
