import { type Schemas } from '../api/client.js';
import { ms } from './text.js';
import { headOf, type View } from './view.js';

export type Mtr = Extract<Schemas['MtrSummary'], { hops: unknown }>;

/** A report as mtr(8) prints it: hop, address, loss, packets, times in ms. */
export function mtrLines(report: Mtr, view: View): string[] {
  const { colours } = view;
  const to = `${report.destination} (${report.dst ?? 'no address'})`;
  if (report.error !== null) return [`${headOf(view)}: mtr to ${to}: ${colours.red(report.error)}`];
  const hops = `${report.hop_count} ${report.hop_count === 1 ? 'hop' : 'hops'}`;
  const end = report.reached ? colours.green(`reached in ${hops}`) : colours.red(`not reached in ${hops}`);
  const width = Math.max(4, ...report.hops.map(({ address }) => (address ?? '???').length));
  return [
    `${headOf(view)}: mtr to ${to}: ${end}`,
    `     ${'Host'.padEnd(width)}  Loss%  Snt   Avg      Best     Wrst     StDev`,
    ...report.hops.map((hop, index) => {
      const loss = hop.loss === null ? '-' : `${(hop.loss * 100).toFixed(1)}%`;
      const times = [hop.rtt_avg_ms, hop.rtt_min_ms, hop.rtt_max_ms, hop.rtt_stddev_ms].map((time) =>
        (time === null ? '-' : ms(time)).padEnd(7),
      );
      const name = (hop.address ?? '???').padEnd(width);
      return `${String(index + 1).padStart(3)}  ${name}  ${loss.padStart(6)}  ${String(hop.sent ?? '-').padStart(3)}  ${times.join('  ')}`.trimEnd();
    }),
  ];
}
