import { describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type ChangesFeed } from '../../derived/changes/index.js';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { parseEnv } from '../../config/env.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { type AssignmentEntity } from '../../core/assignments/assignment.schema.js';
import { OperationFeed } from '../../core/delivery/operation-feed.js';
import { ProbeFeed } from '../../core/probes/probe-feed.js';
import { ResultFeed } from '../../core/ingest/result-feed.js';
import { type ResultEntity } from '../../core/ingest/result.schema.js';
import { type LiveEvent } from './live.events.js';
import { LiveWatchers } from '../../platform/limits/live-watchers.js';
import { LiveService } from './live.service.js';

const operation = new ObjectId();
const probe = new ObjectId();

/** @returns what those who watch the probe see of one result and one delivery */
function seenAtTheProbe(isPrivate: boolean): string[] {
  const [results, operations] = [new ResultFeed(), new OperationFeed()];
  const bus = new PlatformBus(parseEnv({ SECRET_KEY: 'sixteen characters' }));
  const changes = { changes: NEVER } as unknown as ChangesFeed;
  const live = new LiveService(results, operations, new ProbeFeed(), changes, bus, new LiveWatchers());
  live.onModuleInit();
  const seen: LiveEvent[] = [];
  live.ofRoom(`probe:${String(probe)}`).subscribe((event) => seen.push(event));
  const result = { _id: new ObjectId(), operation, probe, outcome: 'stored', received_at: new Date() };
  results.stored({ result: result as ResultEntity, probeOwner: new ObjectId(), isPrivate });
  const assignment = { operation, probe, ...(isPrivate && { private: true }) } as AssignmentEntity;
  operations.assignmentChanged({ assignment, answer: { outcome: 'accepted' } });
  return seen.map(({ name }) => name);
}

describe('LiveService', () => {
  it('shows those who watch a probe public operations, and nothing of private ones', () => {
    expect(seenAtTheProbe(false)).toEqual(['result', 'assignment']);
    expect(seenAtTheProbe(true)).toEqual([]);
  });
});
