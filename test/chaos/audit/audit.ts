import { auditChanges } from './changes.js';
import { auditCounting } from './counting.js';
import { type Discrepancy, type Evidence } from './evidence.js';
import { auditFates } from './fates.js';
import { auditFeeds } from './feed.js';
import { auditMoney } from './money.js';
import { auditResults } from './results.js';
import { auditStates } from './states.js';
import { auditTail } from './tail.js';

/** @returns everything in which the platform and those who used it do not agree */
export function audit(evidence: Evidence): Discrepancy[] {
  return [
    ...auditResults(evidence),
    ...auditCounting(evidence),
    ...auditMoney(evidence),
    ...auditFates(evidence),
    ...auditStates(evidence),
    ...auditTail(evidence),
    ...auditFeeds(evidence),
    ...auditChanges(evidence),
  ];
}
