import { cleanup, configure } from '@testing-library/react';
import { afterEach, expect } from 'vitest';
import { network, reset } from './server.js';

/* What jsdom lacks and components need, before any of them is loaded. */

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

Object.assign(globalThis, { fetch: network, IntersectionObserver: NoObserver, ResizeObserver: NoObserver });
Object.assign(window, {
  scrollTo: () => undefined,
  matchMedia: (media: string) => Object.assign(new EventTarget(), { media, matches: false }),
});
Object.assign(Element.prototype, {
  scrollIntoView: () => undefined,
  hasPointerCapture: () => false,
});

// what a test waits for it names; a busy machine takes its time
configure({ asyncUtilTimeout: 30_000 });

const { session } = await import('../src/session/session.js');
reset();

afterEach(() => {
  cleanup();
  session.leave();
  localStorage.clear();
  expect(reset(), 'requests that the test has no answer to').toEqual([]);
});
