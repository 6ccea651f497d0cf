import { assignmentName } from '../../src/core/assignments/run-account.js';
import { type Submission } from '../../src/core/ingest/effects.js';
import { runNameOf } from '../../src/core/ingest/stored-results.repository.js';

/** What ingest hands to the writer of batches, for tests that have no probe: its names are those of the result. */
export function submissionOf(members: Omit<Submission, 'assignment' | 'run'>): Submission {
  const { result } = members;
  return { ...members, assignment: assignmentName(result), run: runNameOf(result) };
}
