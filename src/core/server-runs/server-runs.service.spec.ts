import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ObjectId } from '../../platform/database/object-id.js';
import { type PlatformClock } from '../../platform/database/platform-clock.js';
import { type OperationsRepository } from '../assignments/index.js';
import {
  type Acceptance,
  type FailureReport,
  type IngestService,
  type ResultReport,
} from '../ingest/index.js';
import { type Job, type ProbeLink } from '../presence/index.js';
import { type ServersService } from '../servers/index.js';
import { BegunRuns } from '../runs/index.js';
import { type BegunRunEntity } from './begun-run.schema.js';
import { type BegunRunsRepository } from './begun-runs.repository.js';
import { RunAnswersService } from './run-answers.service.js';
import { type Ask, type AskedProbe, type RunWords } from './run-words.js';
import { ServerRunsService } from './server-runs.service.js';

const words: RunWords = {
  protocol: 'some',
  requestsOf: () => ['request'],
  limitMs: () => 15_000,
  contentOf: (_requests, answers) => ({ format: 'f', content: Buffer.from(JSON.stringify([...answers])) }),
};

const once = (): Job => ({
  ...{ operation: new ObjectId(), kind: 'ping', params: {}, costPerRun: 1, resultFormat: 'json' },
  schedule: { type: 'once', at: new Date() },
});

/** What a database would keep, for as many servers as are made of it. */
class World {
  readonly begun: BegunRunEntity[] = [];
  readonly reports: ResultReport[] = [];
  readonly failures: FailureReport[] = [];
  readonly services: ServerRunsService[] = [];
  failing = false;
  /** what comes of a report */
  acceptance: Acceptance = { status: 'stored' };

  server(): { runs: ServerRunsService; answers: RunAnswersService } {
    const runs = {
      beginAll: (all: readonly BegunRunEntity[]) => {
        if (this.failing) return Promise.reject(new Error('away'));
        return Promise.resolve(
          all.map((run) => {
            const isNew = !this.begun.some(
              (each) =>
                each.operation.equals(run.operation) && each.probe.equals(run.probe) && each.run === run.run,
            );
            if (isNew) this.begun.push(run);
            return isNew;
          }),
        );
      },
      remove: (id: ObjectId) => {
        this.begun.splice(
          this.begun.findIndex(({ _id }) => _id.equals(id)),
          1,
        );
        return Promise.resolve();
      },
      findById: (id: ObjectId) => Promise.resolve(this.begun.find(({ _id }) => _id.equals(id)) ?? null),
      endAll: () => Promise.resolve(),
    } as unknown as BegunRunsRepository;
    const operations = {
      findById: (id: ObjectId) =>
        Promise.resolve({ ...once(), _id: id, result_format: 'json', cost_per_run: 1 }),
    } as unknown as OperationsRepository;
    const ingest = {
      accept: (report: ResultReport) => {
        this.reports.push(report);
        return Promise.resolve(this.acceptance);
      },
      acceptFailure: (report: FailureReport) => {
        this.failures.push(report);
        return Promise.resolve({ status: 'stored' });
      },
    } as unknown as IngestService;
    const clock = { now: () => new Date() } as PlatformClock;
    const answers = new RunAnswersService(runs, operations, ingest, clock, new BegunRuns());
    const service = new ServerRunsService(runs, answers, { ownId: 'one' } as ServersService, clock);
    answers.register(words);
    this.services.push(service);
    return { runs: service, answers };
  }
}

class Probe implements AskedProbe {
  readonly asked: Ask[] = [];
  readonly begun: string[] = [];
  ready = true;

  isReady(): boolean {
    return this.ready;
  }

  async ask(ask: Ask, begin: () => Promise<boolean>) {
    this.asked.push(ask);
    if (!(await begin())) return 'not_begun' as const;
    this.begun.push(ask.run);
    return 'begun' as const;
  }
}

const linkOf = (probe: ObjectId) => ({ probe, protocol: 'some' }) as unknown as ProbeLink;

async function soon(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 3000) throw new Error('waited in vain');
    await delay(10);
  }
}

/** Two servers that both hold the probe for a moment, and what is over: docs/adr/0046. */
describe('ServerRunsService', () => {
  let world = new World();
  afterEach(() => {
    for (const service of world.services) service.onApplicationShutdown();
    world = new World();
  });

  it('lets a run begin once, whichever servers ask for it, and takes its answer on any of them once', async () => {
    const [id, job] = [new ObjectId(), once()];
    const link = linkOf(id);
    const probes = [new Probe(), new Probe()];
    const servers = [world.server(), world.server()];
    for (const [index, { runs }] of servers.entries()) {
      runs.attach(link, probes[index]!);
      runs.hold(link, job);
    }
    await soon(() => probes.every(({ asked }) => asked.length === 1));
    await soon(() => world.begun.length === 1);
    const [run] = probes.flatMap(({ begun }) => begun);
    const other = servers[probes.findIndex(({ begun }) => begun.length === 0)]!.answers;
    const awaited = await other.awaited(id, new ObjectId(run), 0);
    await other.answer(awaited!, 0, 'answer');
    expect(world.reports.map(({ content }) => content.toString())).toEqual(['[[0,"answer"]]']);
    expect(await other.awaited(id, new ObjectId(run), 0)).toBeUndefined();
    // neither another probe's nor a request that it does not have
    const [{ answers }] = servers as [(typeof servers)[0]];
    expect(await answers.awaited(new ObjectId(), new ObjectId(run), 0)).toBeUndefined();
    expect(await answers.awaited(id, new ObjectId(run), 1)).toBeUndefined();
  });

  it('tries again where the database did not take the begin, and when the probe is ready', async () => {
    const link = linkOf(new ObjectId());
    const [server, probe] = [world.server().runs, new Probe()];
    probe.ready = false;
    world.failing = true;
    server.attach(link, probe);
    server.hold(link, once());
    expect(probe.asked).toEqual([]);
    probe.ready = true;
    server.becameReady(link);
    // a second later
    await soon(() => probe.asked.length > 1);
    world.failing = false;
    await soon(() => probe.begun.length === 1);
    expect(world.begun).toHaveLength(1);
  });

  it('asks for what is being stored, and lets it begin when it is stored, once', async () => {
    const [server, probe, link, job] = [world.server().runs, new Probe(), linkOf(new ObjectId()), once()];
    let settle: (stored: boolean) => void = () => undefined;
    const stored = new Promise<boolean>((resolve) => (settle = resolve));
    server.attach(link, probe);
    server.hold(link, job, stored);
    await soon(() => world.begun.length === 1);
    expect([probe.asked.length, probe.begun.length]).toEqual([1, 0]);
    settle(true);
    await soon(() => probe.begun.length === 1);
    // it is delivered, however long its run has begun by then
    server.hold(link, job);
    expect([probe.asked.length, world.begun.length]).toEqual([1, 1]);
  });

  it('begins nothing of what was not stored after all, and keeps no word of it', async () => {
    const [{ runs: server, answers }, probe] = [world.server(), new Probe()];
    const [link, job] = [linkOf(new ObjectId()), once()];
    let settle: (stored: boolean) => void = () => undefined;
    const stored = new Promise<boolean>((resolve) => (settle = resolve));
    server.attach(link, probe);
    server.hold(link, job, stored);
    await soon(() => world.begun.length === 1);
    settle(false);
    await soon(() => world.begun.length === 0);
    expect(await answers.awaited(link.probe, new ObjectId(probe.asked[0]!.run), 0)).toBeUndefined();
    // the same job, as the sweep finds it where the database has it nevertheless
    server.hold(link, job);
    await soon(() => probe.begun.length === 1);
    expect(probe.begun).toEqual([world.begun[0]!._id.toHexString()]);
  });

  it('ends a run whose answers cannot be kept as a failed one: it has begun', async () => {
    const link = linkOf(new ObjectId());
    const [{ runs, answers }, probe] = [world.server(), new Probe()];
    world.acceptance = { status: 'refused', reason: 'too_large' };
    runs.attach(link, probe);
    runs.hold(link, once());
    await soon(() => probe.begun.length === 1);
    const run = new ObjectId(probe.begun[0]);
    await answers.answer((await answers.awaited(link.probe, run, 0))!, 0, 'much');
    expect(world.failures).toMatchObject([
      {
        ...{ probe: link.probe, uniqueCode: world.begun[0]!.scheduled_at.toISOString() },
        ...{ reason: 'tool_failed', detail: 'what the probe sent is larger than a result may be' },
      },
    ]);
    expect(await answers.awaited(link.probe, run, 0)).toBeUndefined();
  });

  it('asks nothing of what was stopped, or of a probe that is gone', async () => {
    const link = linkOf(new ObjectId());
    const [server, probe] = [world.server().runs, new Probe()];
    probe.ready = false;
    const detach = server.attach(link, probe);
    const [stopped, later] = [once(), once()];
    server.hold(link, stopped);
    server.hold(link, later);
    server.drop(link, stopped.operation);
    probe.ready = true;
    server.becameReady(link);
    await soon(() => probe.begun.length === 1);
    expect(world.begun.map(({ operation }) => operation)).toEqual([later.operation]);
    detach();
    server.hold(link, once());
    expect(probe.asked).toHaveLength(1);
  });
});
