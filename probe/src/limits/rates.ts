/** At most so many runs of a kind in any minute, or in any hour. */
export interface Rate {
  kind: string;
  runs: number;
  per: 'min' | 'hour';
}

export const RATE_WINDOW_MS = { min: 60_000, hour: 3_600_000 } as const;
export const MOST_RUNS_OF_A_RATE = 10_000;

const RATE = /^([a-z]{1,32})=(\d{1,5})\/(min|hour)$/;

/** Reads `ping=60/min`. @throws Error with a sentence */
export function parseRate(text: string): Rate {
  const [, kind, runs, per] = RATE.exec(text) ?? [];
  if (kind === undefined || Number(runs) > MOST_RUNS_OF_A_RATE)
    throw new Error(`${text} is no rate (like ping=60/min or dns=1000/hour, at most ${MOST_RUNS_OF_A_RATE})`);
  return { kind, runs: Number(runs), per: per === 'min' ? 'min' : 'hour' };
}

export function rateName({ kind, runs, per }: Rate): string {
  return `${kind}=${runs}/${per}`;
}
