import { type ObjectId } from '../../platform/database/object-id.js';

/**
 * Reads each probe once, in however many operations it is.
 * @param assigned ids of probes by the hexadecimal id of their operation
 * @returns for each operation its probes that exist, in the order of their ids
 */
export async function probesOfEach<Probe extends { _id: ObjectId }>(
  operations: readonly { _id: ObjectId }[],
  assigned: ReadonlyMap<string, readonly ObjectId[]>,
  read: (ids: ObjectId[]) => Promise<Probe[]>,
): Promise<Probe[][]> {
  const ids = new Map([...assigned.values()].flat().map((id) => [id.toHexString(), id]));
  const probes = await read([...ids.values()]);
  const byId = new Map(probes.map((probe) => [probe._id.toHexString(), probe]));
  return operations.map(({ _id }) =>
    (assigned.get(_id.toHexString()) ?? []).flatMap((id) => byId.get(id.toHexString()) ?? []),
  );
}
