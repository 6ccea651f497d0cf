import packet from 'dns-packet';

/** An entry of a `dns` result. */
export interface Answer {
  name: string;
  transport: string;
  error: string | null;
  rtt_ms: number | null;
  response: string | null;
}

/** The message of an answer. */
export function decodeOf(answer: Answer | undefined): packet.DecodedPacket {
  return packet.decode(Buffer.from(answer?.response ?? '', 'base64'));
}

/** The data of its records. */
export function dataOf(answer: Answer | undefined): unknown[] {
  return (decodeOf(answer).answers ?? []).map((each) => ('data' in each ? each.data : undefined));
}

/** The name whose PTR record names an address of the test network. */
export function reverseName(address: string): string {
  if (address.includes('.')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [front = '', back = ''] = address.split('::').map((half) => half.split(':').map(padded).join(''));
  return `${[...front.padEnd(32 - back.length, '0'), ...back].reverse().join('.')}.ip6.arpa`;
}

function padded(group: string): string {
  return group.padStart(4, '0');
}
