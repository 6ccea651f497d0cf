import { type Schemas } from '../api/client.js';
import { type Decoded, numberOf, objectsOf, textOf } from './decoded.js';
import { ms } from './text.js';
import { headOf, type View } from './view.js';

export type Trace = Extract<Schemas['TracerouteSummary'], { path: unknown }>;

/** As traceroute(8) marks them: ICMP type and code of an answer that is no way on. */
const MARKS: Readonly<Record<string, string>> = {
  '3/0': '!N',
  '3/1': '!H',
  '3/2': '!P',
  '3/9': '!X',
  '3/10': '!X',
  '3/13': '!X',
  '1/0': '!N',
  '1/1': '!X',
  '1/3': '!H',
};

/** The path as traceroute(8) prints it: hop, address, RTTs; `*` where nothing answered. */
export function traceLines(trace: Trace, record: Decoded | undefined, view: View): string[] {
  const { colours } = view;
  const name = 'destination' in trace ? trace.destination : trace.dst;
  const method = textOf(record?.['method']);
  const end = trace.reached
    ? colours.green(`reached in ${trace.hop_count} ${trace.hop_count === 1 ? 'hop' : 'hops'}`)
    : colours.red(`not reached (${trace.stop_reason ?? 'it does not say why'})`);
  const hops = objectsOf(record?.['hops']);
  return [
    `${headOf(view)}: traceroute to ${name} (${trace.dst ?? 'no address'})${method === undefined ? '' : `, ${method}`}: ${end}`,
    ...trace.path.map((address, index) => {
      const answers = hops.filter(({ probe_ttl }) => probe_ttl === index + 1);
      return `${String(index + 1).padStart(3)}  ${answers.length === 0 ? bare(address) : answersLine(answers)}`;
    }),
  ];
}

/** Without the raw bytes: the path alone. */
function bare(address: string | null): string {
  return address ?? '*';
}

/** An address stands before its RTTs, again where another one answered. */
function answersLine(answers: readonly Decoded[]): string {
  const parts: string[] = [];
  let last: string | undefined;
  for (const answer of answers) {
    const address = textOf(answer['addr']) ?? '?';
    if (address !== last) parts.push(address);
    last = address;
    parts.push(`${ms(numberOf(answer['rtt']))} ms${markOf(answer)}`);
  }
  return parts.join('  ');
}

function markOf(answer: Decoded): string {
  const mark = MARKS[`${String(answer['icmp_type'])}/${String(answer['icmp_code'])}`];
  return mark === undefined ? '' : ` ${mark}`;
}
