import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { defer, filter, finalize, type Observable, Subject } from 'rxjs';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { LiveWatchers } from '../../platform/limits/live-watchers.js';
import {
  CREDITS_PER_RESULT,
  type LatePayment,
  ResultFeed,
  type StoredResult,
} from '../../core/ingest/index.js';
import { type AssignmentChange, OperationFeed } from '../../core/delivery/index.js';
import { type ProbeChange, ProbeFeed } from '../../core/probes/index.js';
import { ChangesFeed } from '../../derived/changes/index.js';
import { changeData, LIVE, type LiveEvent, resultData } from './live.events.js';

/** Turns what happens in the core, on all servers, into events for those who may see it. Doors take them from here. */
@Injectable()
export class LiveService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly subject = new Subject<LiveEvent>();
  readonly events: Observable<LiveEvent> = this.subject.asObservable();

  constructor(
    private readonly results: ResultFeed,
    private readonly operations: OperationFeed,
    private readonly probes: ProbeFeed,
    private readonly changes: ChangesFeed,
    private readonly bus: PlatformBus,
    private readonly watchers: LiveWatchers,
  ) {}

  onModuleInit(): void {
    this.results.results.subscribe((stored) => {
      this.happened(() => resultEvent(stored));
      if (stored.result.paid_by !== undefined) {
        const { result, probeOwner } = stored;
        this.happened(() => creditsEvent({ operation: result.operation, probeOwner }));
      }
    });
    this.results.latePayments.subscribe((payment) => {
      this.happened(() => creditsEvent(payment));
    });
    this.operations.changes.subscribe((change) => {
      this.happened(() => assignmentEvent(change));
    });
    this.probes.changes.subscribe((change) => {
      this.happened(() => probeEvent(change));
    });
    // each server reads them itself: they need no bus
    this.changes.changes.subscribe((change) => {
      const data = changeData(change);
      if (data !== undefined)
        this.subject.next({ name: 'change', rooms: [`operation:${data.operation_id}`], data });
    });
    this.bus.listen(
      LIVE,
      (event) => {
        this.subject.next(event);
      },
      () => this.watchers.count > 0,
    );
  }

  /** Ends the streams of those who watch, so that the server can. */
  beforeApplicationShutdown(): void {
    this.subject.complete();
  }

  ofRoom(room: string): Observable<LiveEvent> {
    return defer(() => {
      const leave = this.watch();
      return this.events.pipe(
        filter(({ rooms }) => rooms.includes(room)),
        finalize(leave),
      );
    });
  }

  /** Somebody watches at this server: from now on events of others are read. @returns what to call when they leave */
  watch(): () => void {
    return this.watchers.enter();
  }

  /** Worded only where somebody may hear it: thousands of probes may come at once, and nobody watch them. */
  private happened(wording: () => LiveEvent): void {
    if (this.watchers.count === 0 && this.bus.state === 'off') return;
    const event = wording();
    this.subject.next(event);
    this.bus.send(LIVE, event);
  }
}

/** Anybody may watch a probe; of a private operation they see nothing. */
function roomsOf(operation: string, probe: string, isPrivate: boolean): string[] {
  return isPrivate ? [`operation:${operation}`] : [`operation:${operation}`, `probe:${probe}`];
}

function resultEvent({ result, isPrivate }: StoredResult): LiveEvent {
  const data = resultData(result);
  return { name: 'result', rooms: roomsOf(data.operation_id, data.probe_id, isPrivate), data };
}

function creditsEvent({ operation, probeOwner }: LatePayment): LiveEvent {
  const operation_id = operation.toHexString();
  const data = { amount: CREDITS_PER_RESULT, reason: 'results', operation_id };
  return { name: 'credits', rooms: [`user:${probeOwner.toHexString()}`], data };
}

function assignmentEvent({ assignment, answer }: AssignmentChange): LiveEvent {
  const operation_id = assignment.operation.toHexString();
  const probe_id = assignment.probe.toHexString();
  const state = { accepted: 'delivered', refused: 'refused', silent: 'pending', unsent: 'pending' } as const;
  return {
    name: 'assignment',
    rooms: roomsOf(operation_id, probe_id, assignment.private === true),
    data: {
      operation_id,
      probe_id,
      state: state[answer.outcome],
      ...(answer.outcome === 'refused' && { reason: answer.reason }),
    },
  };
}

function probeEvent({ probe, connected }: ProbeChange): LiveEvent {
  const probe_id = probe._id.toHexString();
  const rooms = [`probe:${probe_id}`, `user:${probe.owner.toHexString()}`];
  return { name: 'probe', rooms, data: { probe_id, connected, at: new Date().toISOString() } };
}
