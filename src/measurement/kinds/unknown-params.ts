import { KINDS, type KindName } from './index.js';
import { type CallerMode, type CheckedParams } from './kind.js';

/**
 * What becomes of parameters that are not known. refuse: they are errors, and all parameters of the kind are known;
 * ignore: they are kept as they came and never sent, and only those of the classic contract are known.
 */
export type UnknownParams = 'refuse' | 'ignore';

const MODES: Record<UnknownParams, CallerMode> = { refuse: 'native', ignore: 'classic' };

/** @throws InvalidParamsError that lists everything that is wrong */
export function checkParamsOf(kind: KindName, params: unknown, unknownParams: UnknownParams): CheckedParams {
  return KINDS[kind].check(params, MODES[unknownParams]);
}
