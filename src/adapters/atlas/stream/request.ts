import { type AtlasType, type Members } from '../../../measurement/atlas/common.js';
import { TYPE_NAMES } from '../measurements/types.js';

/** What a client asks for, with its parameters as it sent them: they come back to it. */
export type Wanted =
  | {
      stream: 'result';
      msm: number;
      probes: number[] | undefined;
      type: AtlasType | undefined;
      withBacklog: boolean;
    }
  | { stream: 'probestatus'; probes: number[] | undefined; isEnriched: boolean }
  | { stream: 'metadata'; msm: number | undefined };

export interface StreamRequest {
  event: 'atlas_subscribe' | 'atlas_unsubscribe';
  parameters: Members;
}

const EVENTS = ['atlas_subscribe', 'atlas_unsubscribe'] as const;

/** @returns a text: what is wrong with the message */
export function readMessage(text: string): StreamRequest | string {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return 'The message is not valid JSON';
  }
  if (!Array.isArray(message) || message.length !== 2)
    return 'A message is a list of an event and its parameters';
  const [name, parameters] = message as [unknown, unknown];
  const event = EVENTS.find((each) => each === name);
  if (event === undefined) return `The event must be one of ${EVENTS.join(', ')}`;
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters))
    return 'The parameters must be an object';
  return { event, parameters: parameters as Members };
}

/** @returns a text: what is wrong with the parameters */
export function readParameters(parameters: Members): Wanted | string {
  const stream = parameters['stream_type'] ?? parameters['streamType'];
  const probes = numbersIn(parameters['prb']);
  if (typeof probes === 'string') return `prb ${probes}`;
  if (stream === 'probestatus') return { stream, probes, isEnriched: parameters['enrichProbes'] === true };
  if (stream !== 'result' && stream !== 'metadata')
    return 'stream_type must be one of result, probestatus, metadata';
  const msm = numbersIn(parameters['msm']);
  if (stream === 'metadata' && msm === undefined) return { stream, msm };
  if (msm === undefined || typeof msm === 'string' || msm.length !== 1)
    return 'msm must be the number of a measurement';
  const [number = 0] = msm;
  if (stream === 'metadata') return { stream, msm: number };
  const type = TYPE_NAMES.find((each) => each === parameters['type']);
  if (type === undefined && (parameters['type'] ?? undefined) !== undefined)
    return `type must be one of ${TYPE_NAMES.join(', ')}`;
  return { stream, msm: number, probes, type, withBacklog: parameters['sendBacklog'] === true };
}

/** One, or a list of them; clients write numbers as text too. */
function numbersIn(value: unknown): number[] | string | undefined {
  if (value === undefined || value === null) return undefined;
  const numbers = (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) =>
    typeof each === 'number' || (typeof each === 'string' && /^\d{1,10}$/.test(each)) ? Number(each) : NaN,
  );
  const areRight =
    numbers.length > 0 &&
    numbers.length <= 1_000 &&
    numbers.every((each) => Number.isInteger(each) && each > 0);
  return areRight ? numbers : 'must be a number, or a list of them';
}

/** @returns the same text for the same parameters, whatever their order */
export function keyOf(parameters: Members): string {
  const names = Object.keys(parameters).filter((name) => name !== 'sendBacklog' && name !== 'send_backlog');
  return JSON.stringify(names.sort().map((name) => [name, parameters[name]]));
}
