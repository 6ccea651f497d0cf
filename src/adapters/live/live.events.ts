import { z } from 'zod';
import { type ResultEntity } from '../../core/ingest/index.js';
import { CHANGE_TYPES, type ChangeEntity } from '../../derived/changes/index.js';
import { type Topic } from '../../platform/bus/platform-bus.js';
import { hexId, type ObjectId } from '../../platform/database/object-id.js';

const time = z.iso.datetime();
const short = z.string().max(500);

/** What users see live, on `/live` and as server-sent events; docs/live.md has the same list. */
const EVENTS = {
  result: z.object({
    operation_id: hexId,
    probe_id: hexId,
    result_id: hexId,
    outcome: z.enum(['stored', 'failed']),
    // a server of an earlier release does not say it
    counted: z.boolean().optional(),
    received_at: time,
    scheduled_at: time.optional(),
    format: short.optional(),
    summary: z.array(z.looseObject({})).optional(),
    failure: z.object({ reason: z.string(), detail: z.string() }).optional(),
  }),
  assignment: z.object({
    operation_id: hexId,
    probe_id: hexId,
    state: z.enum(['delivered', 'refused', 'pending']),
    reason: short.optional(),
  }),
  probe: z.object({ probe_id: hexId, connected: z.boolean(), at: time }),
  credits: z.object({ amount: z.number(), reason: short, operation_id: hexId }),
  change: z.object({
    change_id: hexId,
    operation_id: hexId,
    type: z.enum(CHANGE_TYPES),
    destination: z.string().nullable(),
    before: z.looseObject({}).nullable(),
    after: z.looseObject({}).nullable(),
    since: time,
    probe_count: z.int(),
    probe_id: hexId,
    back_at: time.nullable(),
  }),
};

/** Who may see it: `operation:<id>`, `probe:<id>`, `user:<id>`. */
const rooms = z.array(z.string().regex(/^(operation|probe|user):[0-9a-f]{24}$/)).max(8);

const liveEvent = z.discriminatedUnion('name', [
  z.object({ name: z.literal('result'), data: EVENTS.result, rooms }),
  z.object({ name: z.literal('assignment'), data: EVENTS.assignment, rooms }),
  z.object({ name: z.literal('probe'), data: EVENTS.probe, rooms }),
  z.object({ name: z.literal('credits'), data: EVENTS.credits, rooms }),
  z.object({ name: z.literal('change'), data: EVENTS.change, rooms }),
]);

export type LiveEvent = z.infer<typeof liveEvent>;

/** Live events of one server, for those who watch at another. */
export const LIVE: Topic<LiveEvent> = { name: 'live', schema: liveEvent };

/** Why a connection was ended. */
/** To those whose token or key was ended. */
export const ACCESS_OVER = 'the access token or key is over';
export const SLOW = 'events were not taken as fast as they came: go on after the last one that you have';

/** What is told of a position after which nothing can be given. */
export function lostData(operation: ObjectId, detail: string): { detail: string; read: string } {
  return { detail, read: `/api/v1/operations/${operation.toHexString()}/results?from={received_at}` };
}

/** What is told of a result. */
export function resultData(result: ResultEntity): z.infer<typeof EVENTS.result> {
  return {
    operation_id: result.operation.toHexString(),
    probe_id: result.probe.toHexString(),
    result_id: result._id.toHexString(),
    outcome: result.outcome,
    counted: result.uncounted !== true,
    received_at: result.received_at.toISOString(),
    ...(result.scheduled_at && { scheduled_at: result.scheduled_at.toISOString() }),
    ...(result.format && { format: result.format }),
    ...(result.summary && { summary: result.summary }),
    ...(result.failure && { failure: result.failure }),
  };
}

/** What is told of a change. @param change with the probe that has seen it last */
export function changeData(change: ChangeEntity): z.infer<typeof EVENTS.change> | undefined {
  const { _id, operation, type, destination, before, after, since, probe_count } = change;
  const seen = change.probes.at(-1);
  return (
    seen && {
      change_id: _id.toHexString(),
      operation_id: operation.toHexString(),
      ...{ type, destination, probe_count },
      before: before && { ...before },
      after: after && { ...after },
      since: since.toISOString(),
      probe_id: seen.probe.toHexString(),
      back_at: seen.back_at?.toISOString() ?? null,
    }
  );
}
