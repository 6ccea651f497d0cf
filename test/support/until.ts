const FIRST_PAUSE_MS = 20;
/** After a second: what is waited for so long is not worth the processor time of a server that is asked all the time. */
const LONGEST_PAUSE_MS = 100;

type Answer<T> = T | false | undefined | null;

/**
 * Asks again and again until the answer is something: not false, undefined or null, as of a document that is not there.
 * @param what is named in the error when the deadline passes
 * @param deadline in ms; long, since it only bounds a failure
 */
export async function until<T>(
  what: string,
  condition: () => Answer<T> | Promise<Answer<T>>,
  deadline = 180_000,
): Promise<T> {
  const end = performance.now() + deadline;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const answer = await condition();
    if (answer !== false && answer !== undefined && answer !== null) return answer;
    if (performance.now() > end) throw new Error(`Waited ${deadline} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.1);
  }
}
