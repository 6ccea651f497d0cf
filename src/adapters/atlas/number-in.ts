import { DomainError } from '../../platform/errors/domain.error.js';

/** @throws DomainError not_found: a text that is no number names nothing */
export function numberIn(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new DomainError('not_found', `There is nothing with the number ${text.slice(0, 40)}`);
}
