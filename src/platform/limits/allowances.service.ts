import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { RateLimiterMongo } from 'rate-limiter-flexible';
import { ALLOWANCES_COLLECTION } from './allowance.schema.js';
import { SharedAllowance } from './shared-allowance.js';

/** Makes allowances that all servers of the platform count together, in the database. */
@Injectable()
export class AllowancesService {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  /** @param name of it in the database @param most that somebody may take in `seconds`, which begin with what is taken first */
  of(name: string, most: number, seconds: number): SharedAllowance {
    return new SharedAllowance(
      new RateLimiterMongo({
        storeClient: this.connection.getClient(),
        dbName: this.connection.name,
        tableName: ALLOWANCES_COLLECTION,
        keyPrefix: name,
        points: most,
        duration: seconds,
        // the schema has them
        disableIndexesCreation: true,
      }),
    );
  }
}
