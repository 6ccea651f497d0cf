import { Injectable, Logger } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { ConnectedProbes, type DeliveryAnswer, type JobsPart, type ProbeLink } from '../presence/index.js';
import { ProbeLoadsRepository } from '../probes/index.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  LIVE,
  deliveredBy,
  type OperationEntity,
  OperationsRepository,
} from '../assignments/index.js';
import { type Delivery, Handover } from './handover.js';
import { OperationChanges } from './operation-changes.js';
import { PartReader } from './part-reader.js';
import { Redelivery } from './redelivery.js';
import { jobOf, withJobs } from './with-jobs.js';

/** Probes whose assignments are read in one command: a probe may have thousands of them. */
const MOST_LINKS = 100;
/** What is read for many probes at once. One that seems to have more to do is read by itself, in parts. */
const LITTLE = { operations: 200, bytes: 64 * 1024 };
/** What one round of the sweep brings to one probe. */
const MOST_OVERDUE = 1000;
/** By then what was sent is acknowledged. */
const OVERDUE_MS = 5000;
const STOP_REASON = 'stopped by its owner';

/**
 * Brings assignments to probes. An assignment is stored before anything is sent, so whatever is missed here is found again:
 * when the probe connects, and by the sweep. Probes that acknowledge get a job at least once (they know it by its id); the others
 * at most once (they would run it twice), so theirs is claimed in the database before it is sent.
 */
@Injectable()
export class DispatchService {
  private readonly logger = new Logger('dispatch');
  /** what probes that have just come have to do: read for many of them at once */
  private readonly waiting = new GroupCommit<ProbeLink, Delivery | 'much'>(
    (links) => this.findWaiting(links),
    {
      most: MOST_LINKS,
      keyOf: ({ probe }) => probe.toHexString(),
    },
  );
  private readonly redelivery = new Redelivery();

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly operations: OperationsRepository,
    private readonly connected: ConnectedProbes,
    private readonly changes: OperationChanges,
    private readonly handover: Handover,
    private readonly loads: ProbeLoadsRepository,
    private readonly parts: PartReader,
    private readonly clock: PlatformClock,
  ) {
    this.changes.onChange((operation) =>
      operation.stopped_at === undefined ? this.follow(operation) : this.stopHere(operation),
    );
  }

  /**
   * Before a new operation is stored: what would have to be claimed and goes to probes that are here now is stored as claimed
   * at once, which spares a round trip for each claim. Nothing is sent yet.
   */
  claim(assignments: AssignmentEntity[]): void {
    for (const assignment of assignments) {
      const link = this.connected.get(assignment.probe);
      if (link === undefined || link.capabilities.acknowledges) continue;
      if (!isDue(assignment, link, assignment.created_at)) continue;
      const claimed = { state: 'delivered' as const, delivered_at: assignment.created_at };
      Object.assign(assignment, claimed, deliveredBy(link));
    }
  }

  /**
   * Before a new operation is stored: probes that begin nothing before the server allows it are asked already, so that their answers
   * come while it is being stored.
   * @returns what is to be called with whether it was stored, behind start()
   */
  expect(
    operation: Parameters<typeof jobOf>[0],
    assignments: readonly AssignmentEntity[],
  ): (stored: boolean) => void {
    let settle: (stored: boolean) => void = () => undefined;
    if (operation.schedule.type !== 'once') return settle;
    const job = jobOf(operation);
    const stored = new Promise<boolean>((resolve) => (settle = resolve));
    for (const { probe } of assignments) this.connected.get(probe)?.expect?.(job, stored);
    return settle;
  }

  /** A new operation is stored: to the probes that are here, and a word to the other servers for theirs. */
  start(operation: OperationEntity, assignments: readonly AssignmentEntity[]): void {
    this.inBackground(this.deliverNew(operation, assignments));
    this.changes.announce(operation);
  }

  /** An operation is over: a word to the probes that have it, here and on the other servers. */
  stop(operation: OperationEntity): void {
    this.inBackground(this.stopHere(operation));
    this.changes.announce(operation);
  }

  /** Probes were taken away from a running operation: a word to them, here and on the other servers. */
  stopAt(operation: OperationEntity, probes: readonly ObjectId[]): void {
    this.tellStopped(operation, probes);
    this.changes.announce(operation);
  }

  /** A probe has come: what it has to do. One that acknowledges gets all of it, another only what it never got. */
  async probeConnected(link: ProbeLink): Promise<void> {
    await this.redelivery.attempt(link, () => this.tellEverything(link));
  }

  /**
   * What should have been delivered by now and was not: a message that was lost, a server that died. A probe that did not
   * acknowledge what it was told is told everything again. No probe is waited for: a silent one would keep the others from theirs.
   */
  async deliverOverdue(): Promise<void> {
    const due = this.connected.all().filter((link) => this.redelivery.isDue(link));
    const others: ProbeLink[] = [];
    for (const link of due) {
      if (link.isInDoubt === true) this.redeliver(link, () => this.resync(link));
      else others.push(link);
    }
    if (others.length === 0) return;
    for (const probe of await this.findOverdue(others)) {
      const link = this.connected.get(probe);
      if (link === undefined || !this.redelivery.isDue(link)) continue;
      this.redeliver(link, async () => {
        const { canBeOffset } = link.capabilities;
        const overdue = { probe, canBeOffset, ...this.overdueNow() };
        const found = await this.assignments.findOverdue(overdue, MOST_OVERDUE);
        // the next round brings the rest
        await this.deliverAssignments(this.parts.firstPart(found));
      });
    }
  }

  private redeliver(link: ProbeLink, work: () => Promise<void>): void {
    this.inBackground(this.redelivery.attempt(link, work));
  }

  private async findOverdue(links: readonly ProbeLink[]): Promise<ObjectId[]> {
    const found: ObjectId[] = [];
    for (const canBeOffset of [true, false]) {
      const probes = links
        .filter(({ capabilities }) => capabilities.canBeOffset === canBeOffset)
        .map(({ probe }) => probe);
      const overdue = { probe: { $in: probes }, canBeOffset, ...this.overdueNow() };
      if (probes.length > 0) found.push(...(await this.assignments.findProbesOverdue(overdue)));
    }
    return found;
  }

  private overdueNow(): { now: Date; createdBefore: Date } {
    const now = this.clock.now();
    return { now, createdBefore: new Date(now.getTime() - OVERDUE_MS) };
  }

  private async tellEverything(link: ProbeLink): Promise<void> {
    const delivery = await this.waiting.add(link);
    if (delivery === 'much') await this.tellMuch(link);
    else if (delivery.jobs.length > 0 || link.capabilities.acknowledges)
      await this.handover.deliver([delivery], true);
  }

  /** @returns what each probe has to do; of one that has much, that it is to be read by itself */
  private async findWaiting(links: readonly ProbeLink[]): Promise<(Delivery | 'much')[]> {
    const probes = links.map(({ probe }) => probe);
    const much = new Set((await this.loads.findAbove(probes, LITTLE)).map(String));
    const found = await this.findLittle(links.filter(({ probe }) => !much.has(String(probe))));
    const byProbe = new Map(found.map((delivery) => [String(delivery.link.probe), delivery]));
    return links.map(({ probe }) => byProbe.get(String(probe)) ?? 'much');
  }

  private async findLittle(links: readonly ProbeLink[]): Promise<Delivery[]> {
    const now = this.clock.now();
    const of = (acknowledges: boolean) =>
      links
        .filter(({ capabilities }) => capabilities.acknowledges === acknowledges)
        .map(({ probe }) => probe);
    const deliveries = links.map((link): Delivery => ({ link, assignments: [], jobs: [] }));
    const byProbe = new Map(deliveries.map((delivery) => [delivery.link.probe.toHexString(), delivery]));
    const isWaiting = (assignment: AssignmentEntity) => {
      const { probe, received, failed, due } = assignment;
      const link = byProbe.get(probe.toHexString())?.link;
      return link !== undefined && isDue(assignment, link, now) && received + failed < due;
    };
    const live = [
      ...(await this.assignments.findLiveOfProbes(of(false), ['pending'], now)),
      ...(await this.assignments.findLiveOfProbes(of(true), LIVE, now)),
    ].filter(isWaiting);
    const { assignments, jobs } = await withJobs(live, this.operations);
    for (const [index, assignment] of assignments.entries()) {
      const delivery = byProbe.get(assignment.probe.toHexString());
      const job = jobs[index];
      if (delivery === undefined || job === undefined) continue;
      delivery.assignments.push(assignment);
      delivery.jobs.push(job);
    }
    return deliveries;
  }

  /** As tellEverything(), for a probe that has much to do. */
  private async tellMuch(link: ProbeLink): Promise<void> {
    const { bytes } = await this.loads.find(link.probe);
    if (link.takesWhole?.(bytes) === true) {
      await this.parts.whole(async () => this.handover.deliver(await this.findLittle([link]), true));
    } else if (link.deliverInParts === undefined) {
      for await (const part of this.parts.read(link)) await this.handover.deliver([{ link, ...part }]);
    } else await this.tellInParts(link, link.deliverInParts.bind(link));
  }

  private async tellInParts(
    link: ProbeLink,
    deliver: (parts: AsyncIterable<JobsPart>) => AsyncIterable<readonly DeliveryAnswer[]>,
  ): Promise<void> {
    let sent: AssignmentEntity[] = [];
    const { parts } = this;
    async function* jobsOfParts(): AsyncGenerator<JobsPart, void> {
      for await (const part of parts.read(link)) {
        sent = part.assignments;
        yield part;
      }
    }
    for await (const answers of deliver(jobsOfParts())) {
      const answered = sent;
      sent = [];
      await this.handover.noteAll(link, answered, answers);
    }
    await this.handover.noteAll(link, sent, []);
  }

  private async resync(link: ProbeLink): Promise<void> {
    this.logger.warn(
      { probe_id: String(link.probe) },
      'the probe did not acknowledge what it was told; it is told everything again',
    );
    try {
      link.expectEverything?.();
      await this.tellEverything(link);
    } catch (error) {
      // what goes to it now waits for everything to be sent: a new connection begins with that
      link.close();
      throw error;
    }
  }

  private async deliverNew(
    operation: OperationEntity,
    assignments: readonly AssignmentEntity[],
  ): Promise<void> {
    const job = jobOf(operation);
    const deliveries: Delivery[] = [];
    const gone: ObjectId[] = [];
    const late: AssignmentEntity[] = [];
    for (const assignment of assignments) {
      const link = this.connected.get(assignment.probe);
      const claimed = assignment.state === 'delivered';
      if (link !== undefined && (link.capabilities.acknowledges || claimed)) {
        deliveries.push({ link, assignments: [assignment], jobs: [job] });
      } else if (claimed) {
        gone.push(assignment._id);
      } else if (link !== undefined) {
        late.push(assignment);
      }
    }
    const handed = this.handover.handAll(deliveries, false);
    // it left between the claim and now: nothing was sent, so it may be sent again
    await this.assignments.releaseClaims(gone);
    // one that came between the claim and now may have looked before the operation was stored
    await this.deliverAssignments(late);
    await handed;
  }

  /** Another server has begun it, or changed its probes. */
  private async follow(operation: OperationEntity): Promise<void> {
    if (this.connected.size === 0) return;
    // it begins at revision 1: nobody was taken away yet
    if (operation.revision > 1)
      this.tellStopped(operation, await this.assignments.findStoppedOfOperation(operation._id));
    await this.deliverPending(operation);
  }

  private tellStopped({ _id }: OperationEntity, probes: readonly ObjectId[]): void {
    for (const probe of probes) this.connected.get(probe)?.stop(_id, STOP_REASON);
  }

  /** Those of its assignments whose probes are here, and do not have it. */
  private async deliverPending({ _id }: OperationEntity): Promise<void> {
    if (this.connected.size === 0) return;
    await this.deliverAssignments(await this.assignments.findPendingOfOperation(_id));
  }

  private async deliverAssignments(pending: AssignmentEntity[]): Promise<void> {
    const now = this.clock.now();
    const here = pending.filter((assignment) => {
      const link = this.connected.get(assignment.probe);
      return link !== undefined && isDue(assignment, link, now);
    });
    const { assignments, jobs } = await withJobs(here, this.operations);
    const deliveries = new Map<ProbeLink, Delivery>();
    for (const [index, assignment] of assignments.entries()) {
      const link = this.connected.get(assignment.probe);
      const job = jobs[index];
      if (link === undefined || job === undefined) continue;
      const delivery = deliveries.get(link) ?? { link, assignments: [], jobs: [] };
      delivery.assignments.push(assignment);
      delivery.jobs.push(job);
      deliveries.set(link, delivery);
    }
    await this.handover.deliver([...deliveries.values()]);
  }

  private async stopHere({ _id }: OperationEntity): Promise<void> {
    if (this.connected.size === 0) return;
    for (const { probe } of await this.assignments.findByOperation(_id)) {
      this.connected.get(probe)?.stop(_id, STOP_REASON);
    }
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.logger.error({ err: error }, 'delivery failed; the sweep will try again');
    });
  }
}

/** A probe that begins with what it gets must not get it before. */
function isDue({ not_before }: AssignmentEntity, { capabilities }: ProbeLink, now: Date): boolean {
  return capabilities.canBeOffset || not_before === undefined || not_before <= now;
}
