import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ENV } from '../../../config/config.module.js';
import { type Env, EnvironmentError } from '../../../config/env.js';
import { type Network, NetworkTable, NetworkTableError } from './network-table.js';

/** Whose an address is, as the operator's table (NETWORKS_FILE) says; without a table nobody's. */
@Injectable()
export class NetworksService implements OnModuleInit {
  private readonly logger = new Logger('networks');
  private table: NetworkTable | undefined;

  constructor(@Inject(ENV) private readonly env: Pick<Env, 'networksFile'>) {}

  /** @throws EnvironmentError where the table cannot be read: the server does not start */
  async onModuleInit(): Promise<void> {
    const { networksFile } = this.env;
    if (networksFile === undefined) return;
    try {
      const input = createReadStream(networksFile, 'utf8');
      this.table = await NetworkTable.read(createInterface({ input, crlfDelay: Infinity }));
    } catch (error) {
      const isOurs =
        error instanceof NetworkTableError || (error as NodeJS.ErrnoException).code !== undefined;
      if (!isOurs) throw error;
      throw new EnvironmentError(`NETWORKS_FILE ${networksFile}: ${(error as Error).message}`);
    }
    const { size, leftOut } = this.table;
    this.logger.log({ prefixes: size, left_out: leftOut }, 'read the table of networks');
  }

  /** @returns undefined: the table has nothing of this address */
  find(address: string): Network | undefined {
    return this.table?.find(address);
  }

  get isKnown(): boolean {
    return this.table !== undefined;
  }
}
