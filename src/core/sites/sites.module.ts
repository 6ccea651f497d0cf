import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { SITE_MODEL, siteSchema } from './site.schema.js';
import { SitesRepository } from './sites.repository.js';
import { SitesService } from './sites.service.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: SITE_MODEL, schema: siteSchema }])],
  providers: [SitesRepository, SitesService],
  exports: [SitesService],
})
export class SitesModule {}
