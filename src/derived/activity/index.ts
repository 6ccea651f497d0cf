export { ActivityModule } from './activity.module.js';
export { type ActivityEntity } from './activity.schema.js';
export { type Activity, ACTIVITY_MINUTES, ActivityService } from './activity.service.js';
