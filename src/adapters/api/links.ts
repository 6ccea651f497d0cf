import { type Leads } from '../../platform/http/links.js';

const ID = '$response.body#/id';
const OPERATION = [
  ...['Operations_get', 'Operations_update', 'Operations_end', 'Operations_stop', 'Operations_retention'],
  ...['Operations_setRetention', 'Operations_assignments', 'OperationProbes_add', 'OperationProbes_remove'],
  ...['Coverage_of', 'Series_ofOperation', 'Changes_ofOperation', 'Latest_ofOperation', 'Results_list'],
];
const PROBE = ['Probes_get', 'Probes_update', 'Probes_renewToken', 'Sessions_list'];
const PROBE_OF_OTHERS = ['Admin_suspendProbe', 'Admin_unsuspendProbe'];
const SITE = ['Sites_get', 'Sites_delete', 'SitePhotos_get', 'SitePhotos_set', 'SitePhotos_remove'];
const USER = ['Admin_user', 'Admin_suspendUser', 'Admin_unsuspendUser', 'Admin_take', 'Accounts_grant'];
const RESULT = ['Results_get', 'Results_decoded', 'Results_raw'];

/** From what was made, or is listed, to all that can be done with it. */
export const LINKS: readonly Leads[] = [
  { from: 'Auth_register', name: ID, to: [...USER, 'Pictures_get'] },
  { from: 'Admin_users', name: '$response.body#/items/0/id', to: ['Admin_user', 'Pictures_get'] },
  { from: 'Keys_create', name: ID, to: ['Keys_revoke'] },
  { from: 'Imports_upload', name: ID, to: ['Imports_get'] },
  { from: 'Imports_get', name: '$response.body#/operation_ids/0', to: ['Operations_get', 'Results_list'] },
  { from: 'Sites_put', name: '$response.body#/name', to: [...SITE, 'Sites_put'] },
  { from: 'Probes_register', name: ID, to: [...PROBE, ...PROBE_OF_OTHERS] },
  { from: 'Probes_get', name: ID, to: PROBE.slice(1) },
  { from: 'Operations_create', name: ID, to: OPERATION },
  { from: 'Operations_get', name: ID, to: OPERATION.slice(1) },
  { from: 'Results_list', name: '$response.body#/items/0/id', to: RESULT },
  { from: 'Results_search', name: '$response.body#/items/0/id', to: RESULT },
  { from: 'GlobalpingMeasurements_create', name: ID, to: ['GlobalpingMeasurements_read'] },
];
