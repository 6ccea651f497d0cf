export { MAX_NAME, NAME_RULE, siteName } from './site-name.js';
export { type Address, type SiteDetails, type SiteEntity } from './site.schema.js';
export { roughly } from './rough-location.js';
export { SitePhotosService } from './site-photos.service.js';
export { SitesModule } from './sites.module.js';
export { type Actor, maySeeInside, SitesService } from './sites.service.js';
