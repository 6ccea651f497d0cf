/** What the process ends with; docs/cli.md has the same list, scripts rely on it. */
export const EXIT = {
  ok: 0,
  /** runs failed, or did not come */
  incomplete: 1,
  usage: 2,
  access: 3,
  notFound: 4,
  /** the server, or the way to it */
  server: 5,
  /** understood, and not possible now: probes, credits, limits, the state of things */
  refused: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a sentence for the person and a code for the script. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode,
    /** lines below the sentence: each wrong member, the id of the request */
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}
