import { useEffect } from 'react';

/** Loads what is likely to be opened next, once the page has nothing else to do: `load` is the same at each call. */
export function useWhenIdle(load: () => Promise<unknown>): void {
  useEffect(() => {
    // it is loaded again, and failed for those who see it, when it is opened
    const begin = (): void => void load().catch(() => undefined);
    if (!('requestIdleCallback' in globalThis)) {
      const timer = setTimeout(begin, 1_000);
      return () => {
        clearTimeout(timer);
      };
    }
    const wait = requestIdleCallback(begin);
    return () => {
      cancelIdleCallback(wait);
    };
  }, [load]);
}
