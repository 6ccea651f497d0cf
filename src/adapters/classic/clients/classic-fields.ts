import { DomainError } from '../../../platform/errors/domain.error.js';

/**
 * Names the fields of an error as classic callers wrote them: their schedule stands in `params`.
 * @throws what `work` throws, the fields of a DomainError renamed
 */
export async function inClassicFields<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_request') throw error;
    throw DomainError.invalid(
      ...error.violations.map(({ field, message }) => ({ field: classicField(field), message })),
    );
  }
}

/** Of a schedule the core finds fault with its cron expression, or with how often that is. */
function classicField(field: string): string {
  return field === 'schedule' || field === 'schedule.cron' ? 'params.cron' : field;
}
