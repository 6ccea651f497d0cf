import {
  type Account,
  ApiWorld,
  type Operation,
  type Page,
  type Registered,
} from '../../support/api-world.js';
import { until } from '../../support/until.js';
import { Gate } from './gate.js';
import type { Network } from './network.js';
import { startPath } from './path.js';
import { RealProbe } from './probe.js';
import type { Program } from './program.js';

export interface Result {
  outcome: 'stored' | 'failed';
  received_at: string;
  scheduled_at: string;
  started_at?: string;
  started_at_corrected?: string;
  clock_trusted?: boolean;
  clock?: { offset_ms: number | null; error_ms: number | null; source: string };
  summary?: Record<string, unknown>[];
  destinations?: Record<string, unknown>[];
  failure?: { reason: string; detail: string };
  decoded?: unknown[];
}

/** For waits that a busy machine may draw out, ms. */
const PATIENCE_MS = 180_000;
/** Of a test: longer, so that it is the wait which fails, and says for what. */
export const LIMIT_MS = 600_000;

/** A path, a server at one end of it, and probes at the other. */
export class Field {
  private probes: RealProbe[] = [];

  private constructor(
    readonly network: Network,
    public time: Program,
    readonly world: ApiWorld,
    readonly gate: Gate,
    readonly user: Account,
  ) {}

  static async start(): Promise<Field> {
    const { network, time } = await startPath();
    try {
      const world = await ApiWorld.startProcess();
      try {
        const gate = await Gate.start(network, world.server.url);
        return new Field(network, time, world, gate, await world.account(1_000_000));
      } catch (error) {
        await world.stop();
        throw error;
      }
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.stopProbes();
    await this.gate.stop();
    await this.network.stop();
    await this.world.stop();
  }

  /** SIGTERM for each that runs. @throws Error when one does not end with 0 */
  async stopProbes(): Promise<void> {
    const codes = await Promise.all(this.probes.map((probe) => probe.stop()));
    this.probes = [];
    if (codes.some((code) => code !== 0)) throw new Error(`Probes ended with ${codes.join(', ')}`);
  }

  /** Registers a probe and runs it. */
  async probe(
    url = this.gate.urls.v4,
    settings: Record<string, string> = {},
  ): Promise<Registered & { process: RealProbe }> {
    const registered = await this.world.probe(this.user);
    return { ...registered, process: this.run(registered.token, url, settings) };
  }

  /** @param folder its data; of an earlier life, or a new one */
  run(
    token: string,
    url = this.gate.urls.v4,
    settings: Record<string, string> = {},
    folder?: string,
  ): RealProbe {
    const all = { PLADMED_TOTAL_CREDITS: '1000000', ...settings };
    const started = RealProbe.start(this.network, url, token, all, folder);
    this.probes.push(started);
    return started;
  }

  /** Creates an operation, of one run unless a schedule is given. */
  measure(
    probe: { id: string },
    kind: string,
    params: object,
    schedule: object = { type: 'once' },
  ): Promise<Operation> {
    return this.world.operation(this.user, [probe], { kind, params, schedule });
  }

  /** Waits until every run is accounted for. @returns what the server's API tells of them */
  async results({ id }: Operation): Promise<Result[]> {
    const path = `/api/v1/operations/${id}`;
    await until(
      `every run of ${id} is accounted for`,
      async () => (await this.user.api.get<Operation>(path)).body.state === 'done',
      PATIENCE_MS,
    );
    const pages = await this.user.api.pages<Result>(`${path}/results?view=json&limit=100`);
    return pages.flat();
  }

  /** The result of an operation of one run. */
  async result(operation: Operation): Promise<Result> {
    const [only, ...others] = await this.results(operation);
    if (only === undefined || others.length > 0)
      throw new Error(`${operation.id} has ${others.length + 1} results`);
    return only;
  }

  /** What came so far. */
  async received({ id }: Operation): Promise<Result[]> {
    const { body } = await this.user.api.get<Page<Result>>(`/api/v1/operations/${id}/results?limit=100`);
    return body.items;
  }
}
