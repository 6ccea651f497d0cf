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

const OPEN = { probe: { _id: new ObjectId() }, session: new ObjectId() } as OpenConnection;

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
    const link = new NativeLink(socket, OPEN);
    const [kept, stopped] = [job(), job()];
    link.stop(stopped.operation, 'stopped by its owner');
    await link.deliver([kept, stopped], true);
    await link.deliver([stopped], false);
    expect(sent).toEqual([[kept.operation.toHexString()], []]);
  });

  it.each([
    ['a sync', async (link: NativeLink) => link.deliver([job()], true)],
    [
      'a stop',
      async (link: NativeLink) => {
        await link.deliver([], true);
        link.stop(job().operation, 'stopped');
      },
    ],
  ])(
    'is in doubt after %s without an acknowledgement, until everything is told again',
    async (what, tell) => {
      const silent = {
        emit: (_event: string, _message: unknown, done: (error: Error | null) => void) => {
          done(new Error('timeout'));
        },
        emitWithAck: () =>
          what === 'a sync' ? Promise.reject(new Error('timeout')) : Promise.resolve({ refused: [] }),
      };
      const socket = { timeout: () => silent } as unknown as NativeSocket;
      const link = new NativeLink(socket, OPEN);
      expect(link.isInDoubt).toBe(false);
      await tell(link);
      expect(link.isInDoubt).toBe(true);
      link.expectEverything();
      expect(link.isInDoubt).toBe(false);
    },
  );

  it('sends nothing beside a full sync that is being put together', async () => {
    const sent: boolean[] = [];
    const timed = {
      emitWithAck: (_event: string, { full }: { full: boolean }) => {
        sent.push(full);
        return Promise.resolve({ refused: [] });
      },
    };
    const link = new NativeLink({ timeout: () => timed } as unknown as NativeSocket, OPEN);
    await link.deliver([], true);
    link.expectEverything();
    const later = link.deliver([job()], false);
    await link.deliver([], true);
    await later;
    expect(sent).toEqual([true, true, false]);
  });
});
