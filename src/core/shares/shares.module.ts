import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { SHARE_MODEL, shareSchema } from './share.schema.js';
import { SharesRepository } from './shares.repository.js';
import { SharesService } from './shares.service.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: SHARE_MODEL, schema: shareSchema }])],
  providers: [SharesRepository, SharesService],
  exports: [SharesService],
})
export class SharesModule {}
