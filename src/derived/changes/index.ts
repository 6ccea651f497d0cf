export { CHANGE_TYPES, type ChangeEntity, type ChangeType, type Sighting } from './change.schema.js';
export { type ChangeFilter, SIGHTINGS_SHOWN } from './changes.repository.js';
export { ChangesFeed } from './changes-feed.js';
export { ChangesModule } from './changes.module.js';
export { ChangesService } from './changes.service.js';
export { orderRebuild } from './rebuild-order.js';
