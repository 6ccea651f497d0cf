import { madeOnce } from '../../../platform/database/known-documents.js';
import { type Presentation } from '../../../measurement/formats/format.js';
import { type ListedOperation, type OperationEntity } from '../../../core/assignments/index.js';
import {
  type ListedProbe,
  locationOf,
  type NamedProbe,
  type ProbesService,
} from '../../../core/probes/index.js';
import { type ListedPart } from '../../../core/results/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import {
  type ClassicAssignedProbeDto,
  type ClassicOperationSummaryDto,
  type ClassicUserDto,
} from './dto/classic.dto.js';

export function classicUser({ _id, email, credits, is_superuser }: UserEntity): ClassicUserDto {
  return { _id: _id.toHexString(), email, credits, is_superuser };
}

function classicAssignedProbe(probe: NamedProbe): ClassicAssignedProbeDto {
  return {
    identifier: probe._id.toHexString(),
    owner_id: probe.owner.toHexString(),
    location: locationOf(probe),
  };
}

/** JSON text of a probe as an operation names it. */
const assignedProbeText = madeOnce((probe: NamedProbe) => JSON.stringify(classicAssignedProbe(probe)));

const listedProbeText = madeOnce((probe: ListedProbe) =>
  JSON.stringify(classicAssignedProbe(probe)).slice(0, -1),
);

/** JSON text of a probe in a list. @param token shown to its owner */
export function classicProbeText(probe: ListedProbe, probes: ProbesService, token?: string): string {
  const availability = probes.availabilityOf(probe);
  const connected =
    availability === undefined ? '"connected":false' : `"connected":true,"availability":${availability}`;
  const shown = token === undefined ? '' : `,"token":${JSON.stringify(token)}`;
  return `${listedProbeText(probe)},${connected}${shown}}`;
}

/** The operation object of the contract, less `results`. */
export function classicOperation(
  operation: Omit<ListedOperation, 'probe_count'>,
  probes: readonly NamedProbe[],
): ClassicOperationSummaryDto {
  return {
    _id: operation._id.toHexString(),
    probes: probes.map(classicAssignedProbe),
    params: JSON.parse(operation.accepted_params) as object,
    credits: operation.credits,
    result_format: operation.result_format,
  };
}

const operationParts = madeOnce((operation: ListedOperation) => {
  const { probes: _none, _id, ...others } = classicOperation(operation, []);
  return {
    id: `{"_id":"${_id}","probes":[`,
    others: `],${JSON.stringify(others).slice(1, -1)}`,
  };
});

/** JSON text of the same, without the brace at its end. */
export function classicOperationHead(operation: ListedOperation, probes: readonly NamedProbe[]): string {
  const { id, others } = operationParts(operation);
  return id + probes.map(assignedProbeText).join(',') + others;
}

/** The beginning of a result, up to where JSON text of what it says and a brace are to follow. */
export function classicResultHead(probe: string): string {
  return `{"probe":"${probe}","results":`;
}

/** JSON texts of results, with commas between them. Of bytes that are not kept any more nothing can be said. */
export const classicResults = madeOnce((results: ListedPart['results']) =>
  results.map(({ probe, text }) => `${classicResultHead(probe)}${text ?? '[]'}}`).join(','),
);

export function presentationOf({ result_format }: Pick<OperationEntity, 'result_format'>): Presentation {
  return result_format === 'dump' ? 'dump' : 'json';
}
