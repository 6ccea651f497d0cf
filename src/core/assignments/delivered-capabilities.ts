import {
  type DeliveryCapabilities,
  type LinkCapabilities,
  packCapabilities,
  unpackCapabilities,
} from '../probes/index.js';
import { type AssignmentEntity } from './assignment.schema.js';

/** How an assignment came to its probe. */
export type DeliveredBy = Required<Pick<AssignmentEntity, 'delivered_over' | 'delivered_with'>>;

const ALL: DeliveryCapabilities = {
  acknowledges: true,
  canBeStopped: true,
  canBeOffset: true,
  namesRuns: true,
  schedulesItself: true,
};

/** What earlier versions stored with an assignment was the name of one of the two protocols that there were. */
const OF_EARLIER_VERSIONS: Readonly<Record<string, DeliveryCapabilities>> = {
  native: ALL,
  classic: {
    acknowledges: false,
    canBeStopped: false,
    canBeOffset: false,
    namesRuns: false,
    schedulesItself: true,
  },
};

/** @returns what is stored of a delivery over this link */
export function deliveredBy(link: { protocol: string; capabilities: LinkCapabilities }): DeliveredBy {
  return { delivered_over: link.protocol, delivered_with: packCapabilities(link.capabilities) };
}

/** @returns what its probe can, or could when it got it; everything while nobody has it, because nothing stands in the way */
export function capabilitiesOf({
  delivered_over = '',
  delivered_with,
}: Pick<AssignmentEntity, 'delivered_over' | 'delivered_with'>): DeliveryCapabilities {
  if (delivered_with !== undefined) return unpackCapabilities(delivered_with);
  return OF_EARLIER_VERSIONS[delivered_over] ?? ALL;
}
