import { type Context } from './context.js';
import { type Result } from '../api/client.js';
import { resultLines, titlesOf } from '../render/result.js';
import { safe } from '../terminal/safe.js';
import { time } from '../render/text.js';
import { type Entry } from '../render/view.js';

export type Printable = Pick<
  Result,
  'probe_id' | 'summary' | 'failure' | 'decode_error' | 'decoded' | 'received_at' | 'scheduled_at'
>;

/** Prints results as they come; the titles of a table once, or when another kind of result begins. */
export class ResultPrinter {
  private last: string | undefined;

  constructor(
    private readonly context: Context,
    private readonly withTime: boolean,
  ) {}

  async print(result: Printable): Promise<void> {
    const { terminal } = this.context;
    const kind = kindOf(result.summary?.[0]);
    if (kind !== undefined && kind !== this.last) {
      const titles = titlesOf(kind, this.withTime);
      if (titles !== undefined) await terminal.print(terminal.colours.dim(titles));
      this.last = kind;
    }
    const lines = resultLines(result, {
      probe: safe(await this.context.nameOf(result.probe_id)),
      ...(this.withTime && { time: safe(time(result.scheduled_at ?? result.received_at)) }),
      colours: terminal.colours,
      now: Date.now(),
    });
    await terminal.print(...lines);
  }
}

function kindOf(entry: Entry | undefined): string | undefined {
  return entry !== undefined && 'type' in entry ? entry.type : undefined;
}
