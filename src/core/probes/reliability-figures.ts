const DAY_MS = 86_400_000;

/** How far back reliability is measured, in milliseconds. */
export const WINDOWS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;
export type WindowName = keyof typeof WINDOWS;
export const WINDOW_NAMES = Object.keys(WINDOWS) as WindowName[];
export const LONGEST_WINDOW_MS = WINDOWS.month;

/** The share of a time in which a probe was connected. */
export interface Uptime {
  /** since when it is measured: no earlier than the probe's registration */
  from: Date;
  /** 0 to 1; absent where there is nothing to measure */
  uptime?: number;
}

/** Runs that were due, and those of them of which a result is stored. */
export interface RunShare {
  due: number;
  came: number;
}

/** docs/protocol.md, "Reliability of a probe", says what each of these is. */
export interface WindowFigures extends Uptime, RunShare {
  /** came / due, 0 to 1; absent where no run was due */
  share?: number;
}

/** How a probe did until `at`. */
export type Reliability = { at: Date } & Record<WindowName, WindowFigures>;
