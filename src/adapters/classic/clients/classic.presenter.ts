import { type OperationEntity } from '../../../core/assignments/index.js';
import {
  type ListedProbe,
  locationOf,
  type ProbeEntity,
  type ProbesService,
} from '../../../core/probes/index.js';
import { type ResultEntity } from '../../../core/ingest/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import {
  type ClassicAssignedProbeDto,
  type ClassicOperationSummaryDto,
  type ClassicProbeDto,
  type ClassicUserDto,
} from './dto/classic.dto.js';

export function classicUser({ _id, email, credits, is_superuser }: UserEntity): ClassicUserDto {
  return { _id: _id.toHexString(), email, credits, is_superuser };
}

export function classicAssignedProbe(
  probe: Pick<ProbeEntity, '_id' | 'owner' | 'location'>,
): ClassicAssignedProbeDto {
  return {
    identifier: probe._id.toHexString(),
    owner_id: probe.owner.toHexString(),
    location: locationOf(probe),
  };
}

export function classicProbe(probe: ListedProbe, probes: ProbesService): ClassicProbeDto {
  const availability = probes.availabilityOf(probe);
  return {
    ...classicAssignedProbe(probe),
    connected: availability !== undefined,
    ...(availability !== undefined && { availability }),
  };
}

/** The operation object of the contract, less `results`. */
export function classicOperation(
  operation: OperationEntity,
  probes: readonly Pick<ProbeEntity, '_id' | 'owner' | 'location'>[],
): ClassicOperationSummaryDto {
  return {
    _id: operation._id.toHexString(),
    probes: probes.map(classicAssignedProbe),
    params: JSON.parse(operation.accepted_params) as object,
    credits: operation.credits,
    result_format: operation.result_format,
  };
}

/** The beginning of a result, up to where JSON text of what it says and a brace are to follow. */
export function classicResultHead(result: Pick<ResultEntity, 'probe'>): string {
  return `{"probe":"${result.probe.toHexString()}","results":`;
}
