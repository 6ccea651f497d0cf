import { type Result } from '../api/client.js';
import { type Colours } from '../terminal/terminal.js';

export type Entry = NonNullable<Result['summary']>[number];

/** What is known beside a result where it is shown. */
export interface View {
  /** its name, or its id */
  probe: string;
  /** shown where there are several runs */
  time?: string;
  colours: Colours;
  /** milliseconds since 1970 */
  now: number;
}

/** The head of a block of lines: who measured, and when if it matters. */
export function headOf({ probe, time, colours }: View): string {
  return `${time === undefined ? '' : `${colours.dim(time)} `}${colours.bold(probe)}`;
}
