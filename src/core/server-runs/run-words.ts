import { type Job } from '../presence/index.js';

/** What a protocol without schedules of its own makes of one run; pure, so that any server can end what another has begun. */
export interface RunWords {
  /** the label of the protocol */
  readonly protocol: string;
  /** @returns the requests that one run is, in the order of its destinations: one at least */
  requestsOf(job: Job): readonly unknown[];
  /** Milliseconds from the begin of a request to the moment at which its answer is not awaited any more. */
  limitMs(requests: readonly unknown[]): number;
  /**
   * What is stored of a run.
   * @param answers by the place of their request; those that are missing did not come in time
   * @param outputs that had come as progress, by the place of their request, as far as this server knows them
   */
  contentOf(
    requests: readonly unknown[],
    answers: ReadonlyMap<number, unknown>,
    outputs: ReadonlyMap<number, string>,
  ): { format: string; content: Buffer };
}

/** What came of asking a probe. silent: it did not say that it has the request; gone: its connection ended. */
export type AskOutcome = 'begun' | 'not_begun' | 'silent' | 'gone';

/** One request, and the names under which its answer comes back. */
export interface Ask {
  /** of the run: 24 hexadecimal digits */
  run: string;
  /** its place among those of the run, from 0 */
  place: number;
  request: unknown;
  /** whether somebody wants to see what it says while it is under way */
  progress: boolean;
}

/** A connected probe that is asked for each run. */
export interface AskedProbe {
  /** Whether it would do these requests now. */
  isReady(requests: readonly unknown[]): boolean;
  /**
   * Sends a request when those before it are answered for.
   * @param begin called when the probe has said that it has it; it must not start where that gives false
   * @param isDue asked right before it is sent; false: it is not sent (`not_begun`)
   */
  ask(ask: Ask, begin: () => Promise<boolean>, isDue: () => boolean): Promise<AskOutcome>;
}
