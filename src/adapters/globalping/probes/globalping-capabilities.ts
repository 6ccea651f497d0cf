import { type ProbeProtocol } from '../../../core/presence/index.js';
import { type LinkCapabilities } from '../../../core/probes/index.js';
import {
  GLOBALPING_KINDS,
  GLOBALPING_PROTOCOL,
  inGlobalpingWords,
} from '../../../measurement/kinds/globalping-words.js';

/** What the server keeps for such a probe it keeps as a native probe would; it knows no schedule itself. */
export const GLOBALPING_CAPABILITIES: LinkCapabilities = {
  acknowledges: true,
  canBeStopped: true,
  canBeOffset: true,
  namesRuns: true,
  schedulesItself: false,
  kinds: GLOBALPING_KINDS,
};

export const GLOBALPING: ProbeProtocol = {
  label: GLOBALPING_PROTOCOL,
  whyUntellable(job) {
    const words = inGlobalpingWords(job);
    return typeof words === 'string' ? words : undefined;
  },
};
