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
  private constructor(
    private readonly program: Program,
    readonly folder: string,
  ) {}

  /**
   * @param server the URL, as the probe sees it
   * @param settings variables of the environment; the networks of the test are allowed
   */
  static start(
    network: Network,
    server: string,
    token: string,
    settings: Record<string, string> = {},
  ): RealProbe {
    const folder = join(network.folder, `probe-${++probes}`);
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

  /** Waits until it has logged something that many times. */
  async logged(message: string, times = 1): Promise<void> {
    await this.program.until(`it logs "${message}"`, () => {
      return this.log.filter(({ msg }) => msg === message).length >= times;
    });
  }

  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null> {
    return this.program.stop();
  }
}
