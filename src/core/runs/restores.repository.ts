import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type LostTime } from './fates.js';
import { RESTORE_MODEL, type RestoreEntity } from './restore.schema.js';

@Injectable()
export class RestoresRepository {
  constructor(@InjectModel(RESTORE_MODEL) private readonly model: Model<RestoreEntity>) {}

  /** From each backup that was restored to its restore. */
  async lostTimes(): Promise<LostTime[]> {
    const restores = await this.model.find().lean<RestoreEntity[]>();
    return restores.map(({ backup_at, restored_at }) => ({
      from: backup_at.getTime(),
      to: restored_at.getTime(),
    }));
  }
}
