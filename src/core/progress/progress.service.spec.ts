import { describe, expect, it } from '@jest/globals';
import { type PlatformBus } from '../../platform/bus/platform-bus.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Progress, ProgressService } from './progress.service.js';

/** Two servers: what one sends the other hears. */
function twoServers() {
  const listeners: ((update: unknown) => void)[] = [];
  const wanted: (() => boolean)[] = [];
  let sent = 0;
  const bus = (own: number) =>
    ({
      listen: (_topic: unknown, hear: (update: unknown) => void, isWanted: () => boolean) => {
        listeners[own] = hear;
        wanted[own] = isWanted;
      },
      send: (_topic: unknown, update: unknown) => {
        sent += 1;
        if (wanted[1 - own]?.() === true) listeners[1 - own]?.(update);
      },
    }) as unknown as PlatformBus;
  const services = [0, 1].map((own) => new ProgressService(bus(own)));
  for (const service of services) service.onApplicationBootstrap();
  const [first, second] = services as [ProgressService, ProgressService];
  return { first, second, sent: () => sent };
}

const operation = new ObjectId();
const update = (rawOutput: string): Progress => ({
  ...{ operation: operation.toHexString(), probe: new ObjectId().toHexString(), test: 0, overwrite: false },
  result: { rawOutput },
});

describe('ProgressService', () => {
  it('tells those who follow an operation, on every server, until they do not', () => {
    const { first, second } = twoServers();
    const heard: string[][] = [[], [], []];
    const end = second.subscribe(operation, ({ result }) => heard[0]?.push(result.rawOutput));
    first.subscribe(operation, ({ result }) => heard[1]?.push(result.rawOutput));
    second.subscribe(new ObjectId(), ({ result }) => heard[2]?.push(result.rawOutput));
    first.report(update('a'));
    first.report(update('b'));
    end();
    first.report(update('c'));
    expect(heard).toEqual([['a', 'b'], ['a', 'b', 'c'], []]);
  });

  it('bounds what one server hands on, each text and all of a second', () => {
    const { first, sent } = twoServers();
    let longest = 0;
    first.subscribe(operation, ({ result }) => {
      longest = Math.max(longest, result.rawOutput.length);
    });
    for (let count = 0; count < 5000; count += 1) first.report(update('x'.repeat(70_000)));
    expect(longest).toBe(64 * 1024);
    // of two seconds at the most, wherever they begin; a busy machine has more of them
    expect(sent()).toBeLessThan(5000);
  });
});
