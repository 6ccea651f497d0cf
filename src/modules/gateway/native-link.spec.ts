import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../common/database/object-id.js';
import { type Job } from '../probes/connected-probes.js';
import { type OpenConnection } from '../probes/probe-connections.service.js';
import { NativeLink, type NativeSocket } from './native-link.js';

const job = (): Job => ({
  operation: new ObjectId(),
  kind: 'ping',
  params: { ips: ['192.0.2.1'] },
  schedule: { type: 'once', at: new Date(0) },
  costPerRun: 1,
  resultFormat: 'json',
});

describe('NativeLink', () => {
  it('does not send a job whose operation was stopped since the job was read', async () => {
    const sent: string[][] = [];
    const timed = {
      emit: () => true,
      emitWithAck: (_event: string, { operations }: { operations: { operation_id: string }[] }) => {
        sent.push(operations.map(({ operation_id }) => operation_id));
        return Promise.resolve({ refused: [] });
      },
    };
    const socket = { timeout: () => timed } as unknown as NativeSocket;
    const link = new NativeLink(socket, {
      probe: { _id: new ObjectId() },
      session: new ObjectId(),
    } as OpenConnection);
    const [kept, stopped] = [job(), job()];
    link.stop(stopped.operation, 'stopped by its owner');
    await link.deliver([kept, stopped], true);
    await link.deliver([stopped], false);
    expect(sent).toEqual([[kept.operation.toHexString()], []]);
  });
});
