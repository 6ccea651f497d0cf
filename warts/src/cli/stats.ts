import type { StreamDecoder } from '../decoder.js';
import type { WartsRecord } from '../record.js';
import type { Timeval } from '../records/types.js';
import type { Command } from './command.js';
import type { Output } from './output.js';

/** How many records of each type the files hold, how many bytes they take, and from when to when they are. */
export class StatsCommand implements Command {
  private readonly byType = new Map<string, { records: number; bytes: number }>();
  private first = Infinity;
  private last = -Infinity;

  use(record: WartsRecord, _: Output, decoder: StreamDecoder): void {
    const key = record.type === 'skipped' ? `type ${record.wartsType}` : record.type;
    const counts = this.byType.get(key) ?? { records: 0, bytes: 0 };
    counts.records++;
    counts.bytes += decoder.recordBytes;
    this.byType.set(key, counts);
    if ('start' in record) this.see(record.start);
  }

  private see({ sec }: Timeval): void {
    if (sec === 0) return;
    this.first = Math.min(this.first, sec);
    this.last = Math.max(this.last, sec);
  }

  end(output: Output): void {
    const rows = [...this.byType].sort(([, a], [, b]) => b.records - a.records);
    output.line('type\trecords\tbytes');
    for (const [type, { records, bytes }] of rows) output.line(`${type}\t${records}\t${bytes}`);
    const total = (key: 'records' | 'bytes'): number =>
      rows.reduce((sum, [, counts]) => sum + counts[key], 0);
    output.line(`total\t${total('records')}\t${total('bytes')}`);
    if (this.first <= this.last) {
      const [from, to] = [this.first, this.last].map((sec) => new Date(sec * 1000).toISOString());
      output.line(`# from ${from} to ${to}`);
    }
  }
}
