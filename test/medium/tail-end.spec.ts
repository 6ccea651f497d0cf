import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ResultsTail } from '../../src/core/ingest/index.js';
import { TailReader } from '../../src/core/ingest/tail-reader.js';
import { LeasesService } from '../../src/platform/periodic/leases/leases.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';

describe('a consumer of the results tail, when its server ends', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  it('waits for no more where it was asked to end while it read', async () => {
    const reader = server.get(TailReader);
    let ended: Promise<void> | undefined;
    const read = reader.read.bind(reader);
    jest.spyOn(reader, 'read').mockImplementation(async (...args: Parameters<typeof read>) => {
      const batch = await read(...args);
      ended ??= server.get(LeasesService).beforeApplicationShutdown();
      return batch;
    });
    const waits = jest.spyOn(reader, 'untilNot');
    server.get(ResultsTail).consume({
      ...{ name: 'ending', start: 'beginning', fields: [] },
      act: () => Promise.resolve(),
    });
    await until('it is asked to end', () => ended !== undefined);
    await ended;
    expect(waits).not.toHaveBeenCalled();
  });
});
