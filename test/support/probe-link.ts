import { CLASSIC_CAPABILITIES } from '../../src/adapters/classic/probes/classic-capabilities.js';
import { NATIVE_CAPABILITIES } from '../../src/adapters/probe-protocol/native-link.js';
import { type DeliveredBy, deliveredBy } from '../../src/core/assignments/delivered-capabilities.js';
import { type DeliveryAnswer, type Job, type ProbeLink } from '../../src/core/presence/connected-probes.js';

/** What a link's `deliver` gives when the probe answers for all jobs at once, and for each the same. */
export async function* answersOf(
  jobs: readonly Job[],
  answer: DeliveryAnswer | Promise<DeliveryAnswer>,
): AsyncGenerator<DeliveryAnswer[], void> {
  const answers = await answer;
  yield jobs.map(() => answers);
}

/** What a link says of itself where its probe speaks this protocol. */
export function speaking(protocol: 'native' | 'classic'): Pick<ProbeLink, 'protocol' | 'capabilities'> {
  const capabilities =
    protocol === 'classic'
      ? CLASSIC_CAPABILITIES
      : { ...NATIVE_CAPABILITIES, kinds: CLASSIC_CAPABILITIES.kinds };
  return { protocol, capabilities };
}

/** What is stored of a delivery to such a probe. */
export function deliveredOver(protocol: 'native' | 'classic'): DeliveredBy {
  return deliveredBy(speaking(protocol));
}
