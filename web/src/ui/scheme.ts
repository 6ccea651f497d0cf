import { useSyncExternalStore } from 'react';

const KEY = 'pladmed.scheme';
export const SCHEMES = ['light', 'dark', 'system'] as const;
export type Scheme = (typeof SCHEMES)[number];

const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');
let chosen: Scheme = chosenBefore();

function chosenBefore(): Scheme {
  const { scheme } = document.documentElement.dataset;
  return scheme === 'light' || scheme === 'dark' ? scheme : 'system';
}

export function choose(scheme: Scheme): void {
  chosen = scheme;
  if (scheme === 'system') delete document.documentElement.dataset['scheme'];
  else document.documentElement.dataset['scheme'] = scheme;
  try {
    if (scheme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, scheme);
  } catch {
    // storage is not allowed: until the next reload, then
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
  };
}

export const useScheme = (): Scheme => useSyncExternalStore(subscribe, () => chosen);

/** @returns whether the page is dark now: what is drawn on a canvas is drawn anew when that changes */
export const useDark = (): boolean =>
  useSyncExternalStore(subscribe, () => (chosen === 'system' ? system.matches : chosen === 'dark'));
