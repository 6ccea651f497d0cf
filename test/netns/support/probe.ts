import { join } from 'node:path';
import { type Network, RANGES } from './network.js';
import type { Program } from './program.js';

const CLI = new URL('../../../probe/dist/cli.js', import.meta.url).pathname;
let probes = 0;

interface Line {
  time: string;
  msg: string;
  [member: string]: unknown;
}

/** The real probe, by its command line, in the namespace `probe`. */
export class RealProbe {
  private wasKilled = false;

  private constructor(
    private readonly program: Program,
    readonly folder: string,
  ) {}

  /**
   * @param server the URL, as the probe sees it
   * @param settings variables of the environment; the networks of the test are allowed
   * @param folder its data; of an earlier life, or a new one
   */
  static start(
    network: Network,
    server: string,
    token: string,
    settings: Record<string, string> = {},
    folder = join(network.folder, `probe-${++probes}`),
  ): RealProbe {
    const program = network.spawn('probe', [process.execPath, CLI, 'run'], {
      PLADMED_SERVER: server,
      PLADMED_TOKEN: token,
      PLADMED_DATA_DIR: folder,
      PLADMED_ALLOW: RANGES.join(','),
      ...settings,
    });
    return new RealProbe(program, folder);
  }

  /** Its log so far. */
  get log(): Line[] {
    return this.program.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
  }

  /** How often it has logged something. */
  count(message: string): number {
    return this.log.filter(({ msg }) => msg === message).length;
  }

  /** Waits until it has logged something, that many times since the call. */
  async logs(message: string, times = 1): Promise<void> {
    const before = this.count(message);
    await this.program.until(`it logs "${message}"`, () => this.count(message) >= before + times);
  }

  /** Waits until it has logged something at all. */
  async logged(message: string): Promise<void> {
    await this.program.until(`it logs "${message}"`, () => this.count(message) > 0);
  }

  /** SIGTERM. @returns the exit code; 0 also when the test has killed it before */
  async stop(): Promise<number | null> {
    const code = await this.program.stop();
    return this.wasKilled ? 0 : code;
  }

  async kill(): Promise<void> {
    this.wasKilled = true;
    await this.program.stop('SIGKILL');
  }
}
