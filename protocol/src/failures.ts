/** Why a run that was due brought nothing; docs/protocol.md, `failed`. */
export const FAILURE_REASONS = [
  'missed',
  'refused',
  'unresolved',
  'resolver_failed',
  'no_family',
  'nothing_sent',
  'timeout',
  'tool_missing',
  'tool_failed',
  'given_up',
  'bad_params',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];
