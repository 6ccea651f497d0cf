import { type OperationEntity } from '../../assignments/index.js';
import { rawBytes, type ResultEntity } from '../../ingest/index.js';

/** A result as a line of the archive: what an export has, and its run, its kind and its raw bytes. Imports read it. */
export function archiveLine(result: ResultEntity, kind: OperationEntity['kind']): string {
  const { raw, first_received_at, received_at } = result;
  return JSON.stringify({
    id: result._id.toHexString(),
    operation_id: result.operation.toHexString(),
    probe_id: result.probe.toHexString(),
    kind,
    unique_code: result.unique_code,
    outcome: result.outcome,
    received_at: first_received_at ?? received_at,
    scheduled_at: result.scheduled_at ?? null,
    started_at: result.started_at ?? null,
    duration_ms: result.duration_ms ?? null,
    clock: result.clock ?? null,
    format: result.format ?? null,
    summary: result.summary ?? null,
    destinations: result.destinations ?? null,
    decode_error: result.decode_error ?? null,
    failure: result.failure ?? null,
    off_schedule: result.off_schedule === true,
    raw_deleted_at: result.raw_deleted_at ?? null,
    raw: raw === undefined ? null : rawBytes(raw).toString('base64'),
  });
}
