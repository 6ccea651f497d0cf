import { DomainError } from '../../../platform/errors/domain.error.js';
import { noProbe, sourceAt } from './sources.js';

/** What the platform says of the probes that were named. */
const OF_PROBES = new Set(['not_found', 'no_available_probe', 'too_few_probes']);

/** Where in the body a client finds what the platform refuses. */
interface Places {
  probes: readonly string[];
  /** undefined: there is none, all that can be wrong is the probes */
  definition: readonly string[] | undefined;
}

/** Of the body of `POST /measurements/`. */
export const OF_CREATION: Places = { probes: sourceAt(0), definition: ['definitions', '0'] };

/** @param index of a participation request in its list */
export function ofParticipation(index: number): Places {
  return { probes: [String(index)], definition: undefined };
}

/**
 * Words what bounds, prices and policies of the platform refuse as clients of Atlas know it: a 400 with the sentence.
 * @throws what `work` throws, as a 400 where it is the caller's mistake
 */
export async function inAtlasWords<T>({ probes, definition }: Places, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.status >= 500 || error.code === 'forbidden') throw error;
    if (OF_PROBES.has(error.code))
      throw DomainError.invalid(noProbe(probes, `must lead to probes: ${error.message}`));
    const violations = error.violations.map(({ field, message }) => {
      const isOfProbes = definition === undefined || /^probes\b/.test(field);
      const path = isOfProbes ? [...probes] : [...definition, ...field.split('.').slice(1)];
      return { field: path.join('.'), path, message, in: 'body' as const };
    });
    throw new DomainError('invalid_request', error.message, violations);
  }
}
