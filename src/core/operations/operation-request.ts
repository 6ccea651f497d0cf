import { type KindName } from '../../measurement/kinds/index.js';
import { type UnknownMembers } from '../../measurement/params/check-object.js';
import { type Reading } from '../../measurement/params/reading.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { type Idempotency } from '../../platform/database/idempotency.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Retention, type Visibility } from '../assignments/index.js';
import { type Selection, type SelectionRule } from '../probes/index.js';

/** Which of the named probes an operation is for: those that are free at this moment, or all, whenever they come. */
export type Availability = 'now' | 'whenever';

/** What an adapter asks for on behalf of a user: plain data, whichever API it was read from. */
export interface OperationRequest {
  kind: KindName;
  /** chosen by a superuser; undefined: the next one */
  number?: number | undefined;
  /** for people */
  description?: string | undefined;
  tags?: readonly string[] | undefined;
  /** unchecked */
  params: unknown;
  /** `ignore` keeps parameters that the platform does not know, and never sends them to a probe */
  unknownParams: UnknownMembers;
  /** as the adapter read it; what is wrong with it is told together with what is wrong with `params` */
  schedule: Reading<Schedule>;
  /** named ones (undefined: an id that is none), or a rule to choose them by */
  probes: readonly (ObjectId | undefined)[] | SelectionRule;
  /** the rule by which an adapter has chosen the named ones, and the seed that it drew them with */
  selection?: Selection | undefined;
  availability: Availability;
  visibility: Visibility;
  /** how long its data are kept, as far as that is stated */
  retention?: Retention | undefined;
  /** unchecked; absent: the kind's first one */
  resultFormat?: unknown;
  idempotency?: Idempotency | undefined;
  /**
   * The request in the words of another platform's protocol, checked by its adapter: probes of that protocol are sent it as it is, in the
   * place of what `params` say; a single run of it has to begin while its answer would be awaited. Probes of other protocols go by
   * `params`, so name those that are meant.
   */
  wording?: { protocol: string; request: Record<string, unknown> } | undefined;
  /** what a door of another platform shows as it came, and nothing else looks at */
  told?: Record<string, string | number | boolean> | undefined;
  /** of how many of its probes, the first ones, output is wanted while they are at it (ProgressService); absent: of none */
  progress?: number | undefined;
  /** of the new operation, where the adapter refers to it from elsewhere */
  id?: ObjectId | undefined;
  /** from then on no probe is given it, and no result is awaited; absent: as long as its schedule makes it worth while */
  until?: Date | undefined;
}
