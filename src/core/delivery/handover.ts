import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type DeliveryAnswer, type ProbeLink } from '../presence/index.js';
import {
  type Acknowledged,
  AcknowledgementsRepository,
  type AssignmentEntity,
  AssignmentsRepository,
  type DeliveredBy,
  deliveredBy,
} from '../assignments/index.js';
import { OperationFeed } from './operation-feed.js';
import { RefusalsService } from './refusals.service.js';
import { type AssignedJobs } from './with-jobs.js';

/** Assignments that are noted as delivered in one command. */
const MOST_NOTED = 5000;
/** A claimed assignment counts as delivered already, so its acknowledgement may be noted with those of other operations. */
const NOTED_WITHIN_MS = 100;
const SILENT: DeliveryAnswer = { outcome: 'silent' };

/** What one probe is to get. */
export interface Delivery extends AssignedJobs {
  link: ProbeLink;
}

/** An assignment, and in which way it gets to its probe. */
interface Handed {
  assignment: ObjectId;
  by: DeliveredBy;
}

/** Hands jobs to probes that are here, each once where a probe would run it twice, and notes what the probes answer. */
@Injectable()
export class Handover {
  private readonly logger = new Logger('dispatch');
  /** What native probes have accepted. They answer when they like: none may keep what the others have from being known. */
  private readonly accepted = new GroupCommit<Handed>((all) => this.markDelivered(all), {
    most: MOST_NOTED,
  });

  /** What probes have acknowledged that must be claimed first: their jobs count as delivered already. */
  private readonly acknowledged = new GroupCommit<Acknowledged>((all) => this.acknowledgeAll(all), {
    most: MOST_NOTED,
    lingerMs: NOTED_WITHIN_MS,
  });

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly acknowledgements: AcknowledgementsRepository,
    private readonly feed: OperationFeed,
    private readonly refusals: RefusalsService,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * Hands over what nobody else has claimed meanwhile, and notes what is answered.
   * @param everything what a probe gets is all that it has to do
   * @returns when the probes have answered, or will not
   */
  async deliver(deliveries: Delivery[], everything = false): Promise<void> {
    const acknowledged = deliveries.filter(({ link }) => link.capabilities.acknowledges);
    const others = deliveries.filter(({ link }) => !link.capabilities.acknowledges);
    await this.handAll([...(await this.claimAll(others)), ...acknowledged], everything);
  }

  /** The same for what is claimed, or need not be. */
  async handAll(deliveries: readonly Delivery[], everything: boolean): Promise<void> {
    await Promise.all(deliveries.map((delivery) => this.hand(delivery, everything)));
  }

  /** Leaves in each delivery what nobody else has claimed. */
  private async claimAll(deliveries: Delivery[]): Promise<Delivery[]> {
    const ours = new Set<string>();
    const wanted = deliveries.flatMap(({ link, assignments }) =>
      assignments.map(({ _id }): Handed => ({ assignment: _id, by: deliveredBy(link) })),
    );
    for (const { ids, by } of alike(wanted)) {
      const claimed = await this.assignments.claim(ids, randomUUID(), this.clock.now(), by);
      for (const { _id } of claimed) ours.add(String(_id));
    }
    return deliveries
      .map(({ link, assignments, jobs }) => ({
        link,
        assignments: assignments.filter(({ _id }) => ours.has(String(_id))),
        jobs: jobs.filter((_job, index) => ours.has(String(assignments[index]?._id))),
      }))
      .filter(({ jobs }) => jobs.length > 0);
  }

  private async hand({ link, assignments, jobs }: Delivery, everything: boolean): Promise<void> {
    const [only] = jobs;
    const [assignment] = assignments;
    // a new operation is one job for each of its probes, and may be for thousands
    if (jobs.length === 1 && only && assignment && link.deliverOne) {
      await this.note(link, assignment, await link.deliverOne(only));
      return;
    }
    let next = 0;
    for await (const answers of link.deliver(jobs, everything)) {
      const answered = assignments.slice(next, next + answers.length);
      next += answers.length;
      await this.noteAll(link, answered, answers);
    }
    await this.noteAll(link, assignments.slice(next), []);
  }

  /** @param answers in the order of the assignments; those that are missing did not come */
  async noteAll(
    link: ProbeLink,
    assignments: readonly AssignmentEntity[],
    answers: readonly DeliveryAnswer[],
  ): Promise<void> {
    const answered = assignments.map((assignment, index): [AssignmentEntity, DeliveryAnswer] => [
      assignment,
      answers[index] ?? SILENT,
    ]);
    const note = ([assignment, answer]: [AssignmentEntity, DeliveryAnswer]) =>
      this.note(link, assignment, answer);
    const isAccepted = ([, { outcome }]: [AssignmentEntity, DeliveryAnswer]) => outcome === 'accepted';
    await Promise.all(answered.filter(isAccepted).map(note));
    // a write each: one after the other
    for (const each of answered.filter((one) => !isAccepted(one))) await note(each);
  }

  private async note(link: ProbeLink, assignment: AssignmentEntity, answer: DeliveryAnswer): Promise<void> {
    if (answer.outcome === 'accepted') await this.noteAccepted(link, assignment);
    else await this.noteOther(link, assignment, answer);
    this.feed.assignmentChanged({ assignment, answer });
  }

  private async noteAccepted(link: ProbeLink, assignment: AssignmentEntity): Promise<void> {
    if (!link.capabilities.acknowledges) await this.acknowledged.add(assignment);
    // what was known to be there is not noted again
    else if (assignment.state === 'pending')
      await this.accepted.add({ assignment: assignment._id, by: deliveredBy(link) });
  }

  private async noteOther(
    link: ProbeLink,
    assignment: AssignmentEntity,
    answer: Exclude<DeliveryAnswer, { outcome: 'accepted' }>,
  ): Promise<void> {
    const ids = { probe_id: String(assignment.probe), operation_id: String(assignment.operation) };
    if (answer.outcome === 'refused') {
      this.logger.warn({ ...ids, reason: answer.reason }, 'the probe refused the operation');
      const { reason, isUntold = false } = answer;
      await this.refusals.refuse({ assignment, reason, isUntold });
    } else if (answer.outcome === 'unsent') {
      this.logger.log(ids, 'the probe left before the operation was sent');
      if (!link.capabilities.acknowledges) await this.assignments.releaseClaims([assignment._id]);
    } else {
      this.logger.warn(ids, 'the probe did not acknowledge the operation');
    }
  }

  private async markDelivered(all: readonly Handed[]): Promise<undefined[]> {
    for (const { ids, by } of alike(all)) await this.assignments.markDelivered(ids, this.clock.now(), by);
    return all.map(() => undefined);
  }

  private async acknowledgeAll(all: readonly Acknowledged[]): Promise<undefined[]> {
    await this.acknowledgements.note(all, this.clock.now());
    return all.map(() => undefined);
  }
}

/** @returns those together that came to their probes in the same way */
function alike(all: readonly Handed[]): { by: DeliveredBy; ids: ObjectId[] }[] {
  const groups = new Map<string, { by: DeliveredBy; ids: ObjectId[] }>();
  for (const { assignment, by } of all) {
    const key = `${by.delivered_with} ${by.delivered_over}`;
    const group = groups.get(key) ?? { by, ids: [] };
    group.ids.push(assignment);
    groups.set(key, group);
  }
  return [...groups.values()];
}
