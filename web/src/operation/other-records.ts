import { counted, ms, percent, whole } from '../ui/format.js';

type Entry = Record<string, unknown>;

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const wordsIn = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

function aliasesIn(groups: unknown): string {
  const shown = Array.isArray(groups) ? groups.map(wordsIn).join('; ') : '';
  return shown === '' ? '' : ` (${shown})`;
}

/** @returns what a record of scamper says that is of none of our kinds, in one line; undefined: nothing is known of its type */
export function otherSentence(entry: Entry): string | undefined {
  const to = text(entry['dst'] ?? entry['src']);
  switch (entry['type']) {
    case 'host':
      return `DNS ${text(entry['qname'])} ${text(entry['qtype'])} at ${to}: ${text(entry['rcode'])}, ${counted(number(entry['answer_count']) ?? 0, 'answer')}, ${ms(number(entry['time_ms']))}`;
    case 'scamper-http':
      return `${text(entry['url'])} at ${to}: status ${text(entry['status'])}, ${ms(number(entry['total_ms']))}`;
    case 'udpprobe':
    case 'owamp':
      return `${entry['type'] === 'owamp' ? `one-way delay (${text(entry['direction'])})` : 'UDP probe'} ${to}: ${text(entry['received'])} of ${text(entry['sent'])} came, loss ${percent(number(entry['loss']))}`;
    case 'neighbourdisc':
      return `neighbour ${to}: ${wordsIn(entry['macs']) || 'no answer'}, ${ms(number(entry['rtt_ms']))}`;
    case 'dealias':
      return `${text(entry['method'])}: ${text(entry['result'])}${aliasesIn(entry['aliases'])}, ${whole(number(entry['received']) ?? 0)} of ${text(entry['sent'])} answered`;
    case 'tracelb':
      return `all paths to ${to}: ${counted(number(entry['nodes']) ?? 0, 'node')}, ${counted(number(entry['links']) ?? 0, 'link')}`;
    case 'tbit':
    case 'sting':
    case 'sniff':
      return `${text(entry['type'])} ${to}: ${counted(number(entry['packets']) ?? 0, 'packet')}`;
    default:
      return undefined;
  }
}
