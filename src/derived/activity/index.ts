export { ActivityModule } from './activity.module.js';
export { type ActivityEntity } from './activity.schema.js';
export { type OwnReport, type PlatformReport, REPORT_EVERY_MS, ReportService } from './report.service.js';
export { type Activity, ACTIVITY_MINUTES, ActivityService } from './activity.service.js';
