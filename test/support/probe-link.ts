import { type DeliveryAnswer, type Job } from '../../src/core/presence/connected-probes.js';

/** What a link's `deliver` gives when the probe answers for all jobs at once, and for each the same. */
export async function* answersOf(
  jobs: readonly Job[],
  answer: DeliveryAnswer | Promise<DeliveryAnswer>,
): AsyncGenerator<DeliveryAnswer[], void> {
  const answers = await answer;
  yield jobs.map(() => answers);
}
