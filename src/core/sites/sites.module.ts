import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { UsersModule } from '../users/index.js';
import { SITE_MODEL, siteSchema } from './site.schema.js';
import { SitePhotosService } from './site-photos.service.js';
import { SitesRepository } from './sites.repository.js';
import { SitesService } from './sites.service.js';

@Module({
  imports: [UsersModule, MongooseModule.forFeature([{ name: SITE_MODEL, schema: siteSchema }])],
  providers: [SitesRepository, SitesService, SitePhotosService],
  exports: [SitesService, SitePhotosService],
})
export class SitesModule {}
