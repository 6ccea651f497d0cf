import { type KindName, type SummaryType } from '../../measurement/kinds/index.js';

/** What is added up of the entries of a kind. All names are those of columns. */
export interface Figures {
  /** `type` of its entries */
  type: SummaryType;
  /** members that are added up: numbers, or how often one is true */
  counts: readonly string[];
  /** members of which is counted how often each of their values came; `different`: shown is how many values there are */
  tallies: readonly { name: string; member: string; description: string; different?: true }[];
  /** members whose values are looked at as a distribution */
  distributions: readonly { name: string; member: string; unit: 'ms' | ''; description: string }[];
  /** each hop of a path has figures of its own */
  hops?: true;
}

/** Of a ping the values are not in its summary: the round-trip time of each answer is stored beside it. */
export const OF_PACKETS = 'packets';

const ms = (name: string, description: string, member = `${name}_ms`) =>
  ({ name, member, unit: 'ms', description }) as const;

export const FIGURES: Readonly<Record<KindName, Figures>> = {
  ping: {
    type: 'ping',
    counts: ['sent', 'received', 'duplicates'],
    tallies: [],
    distributions: [ms('rtt', 'Round-trip times, one for each answer, duplicates included', OF_PACKETS)],
  },
  traceroute: {
    type: 'trace',
    counts: ['reached'],
    tallies: [
      {
        ...{ name: 'paths', member: 'path_hash', different: true },
        description: 'How many different paths there were (path_hash), 256 at the most',
      },
    ],
    distributions: [
      ms('rtt', 'Round-trip times of the destination, one for each trace that reached it'),
      { name: 'hops', member: 'hop_count', unit: '', description: 'Lengths of paths, in hops' },
    ],
  },
  dns: {
    type: 'dns',
    counts: [],
    tallies: [{ name: 'rcodes', member: 'rcode', description: 'How often which response code came' }],
    distributions: [ms('rtt', 'Times from a query to its answer')],
  },
  http: {
    type: 'http',
    counts: [],
    tallies: [{ name: 'statuses', member: 'status', description: 'How often which status code came' }],
    distributions: [
      ms('resolve', 'Times that names took'),
      ms('connect', 'Times that TCP connections took'),
      ms('tls', 'Times that TLS handshakes took'),
      ms('first_byte', 'Times from a request to the first byte of its answer'),
      ms('total', 'Times of all together'),
    ],
  },
  tls: {
    type: 'tls',
    counts: ['authorized'],
    tallies: [{ name: 'versions', member: 'version', description: 'How often which version was agreed on' }],
    distributions: [
      ms('resolve', 'Times that names took'),
      ms('connect', 'Times that TCP connections took'),
      ms('handshake', 'Times that handshakes took'),
      ms('total', 'Times of all together'),
    ],
  },
  mtr: {
    type: 'mtr',
    counts: ['reached'],
    tallies: [
      {
        ...{ name: 'paths', member: 'path_hash', different: true },
        description: 'How many different paths there were (path_hash), 256 at the most',
      },
    ],
    distributions: [
      ms(
        'rtt',
        'Mean round-trip times of the destination, one for each report that reached it',
        'rtt_avg_ms',
      ),
      {
        ...{ name: 'loss', member: 'loss', unit: '' },
        description: 'Shares of the packets to the destination that were lost, 0 to 1, one for each report',
      },
      { name: 'hops', member: 'hop_count', unit: '', description: 'Lengths of paths, in hops' },
    ],
    hops: true,
  },
  ntp: {
    type: 'ntp',
    counts: [],
    tallies: [],
    distributions: [
      ms('offset', "The server's clock minus the probe's"),
      ms('error', 'Bounds on the errors of these offsets'),
      ms('delay', 'Round-trip times of question and answer'),
    ],
  },
};
