import { type ProbeProtocol } from '../../../core/presence/index.js';
import { type LinkCapabilities } from '../../../core/probes/index.js';
import {
  CLASSIC_KIND_NAMES,
  inClassicWords,
  whyNoCrontab,
} from '../../../measurement/kinds/classic-words.js';

/** A fielded probe writes each job that it gets into its crontab, and that is all that it can be told. */
export const CLASSIC_CAPABILITIES: LinkCapabilities = {
  // it does say that its handler has run; but it would run a job that comes twice twice
  acknowledges: false,
  canBeStopped: false,
  canBeOffset: false,
  namesRuns: false,
  schedulesItself: true,
  kinds: CLASSIC_KIND_NAMES,
};

export const CLASSIC: ProbeProtocol = {
  label: 'classic',
  whyUntellable(job) {
    const worded = inClassicWords(job);
    return typeof worded === 'string' ? worded : undefined;
  },
  whyOtherTimes: whyNoCrontab,
};
