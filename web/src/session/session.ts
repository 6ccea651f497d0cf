import { useSyncExternalStore } from 'react';

const KEY = 'pladmed.session';
/** why the session of all tabs ended */
const ENDED = 'pladmed.ended';

/** Why nobody is logged in. */
export type Ended = 'never' | 'left' | 'expired';

/**
 * The token of the one who uses the page: in memory, and in localStorage so that a reload and other tabs have it.
 * @see docs/adr/0032-where-the-token-lives.md
 */
class Session {
  private current = read(KEY);
  private why: Ended = 'never';
  private readonly listeners = new Set<() => void>();
  private elsewhere = 0;

  constructor() {
    // another tab logged in or out
    addEventListener('storage', ({ key }) => {
      if (key !== KEY && key !== null) return;
      const token = read(KEY);
      // what was over here already stays over for the reason that this tab knows
      if (token === this.current) return;
      this.elsewhere += 1;
      this.set(token, read(ENDED) === 'expired' ? 'expired' : 'left', false);
    });
  }

  token = (): string | undefined => this.current;

  ended = (): Ended => this.why;

  /** How often another tab has logged in or out: what this one shows is somebody else's then. */
  changedElsewhere = (): number => this.elsewhere;

  begin(token: string): void {
    this.set(token, 'never', true);
  }

  /** The one who uses it has logged out. */
  leave(): void {
    this.set(undefined, 'left', true);
  }

  /** The server does not take the token any more. */
  expire(): void {
    this.set(undefined, 'expired', true);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(token: string | undefined, why: Ended, keep: boolean): void {
    this.current = token;
    this.why = why;
    if (keep) write(token, why);
    for (const listener of this.listeners) listener();
  }
}

/** Storage can be forbidden: the token is in memory then, and gone with the page. */
function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(token: string | undefined, why: Ended): void {
  try {
    // before the token, of which other tabs hear
    localStorage.setItem(ENDED, why);
    if (token === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, token);
  } catch {
    // see read()
  }
}

export const session = new Session();

/** @returns whether somebody is logged in; the component is drawn anew when that changes */
export function useToken(): string | undefined {
  return useSyncExternalStore(session.subscribe, session.token);
}

/** @returns why nobody is logged in */
export function useEnded(): Ended {
  return useSyncExternalStore(session.subscribe, session.ended);
}

/** @returns a number that changes when another tab logs in or out */
export function useChangedElsewhere(): number {
  return useSyncExternalStore(session.subscribe, session.changedElsewhere);
}
