import { createSocket } from 'node:dgram';

/** Of the scenario: public by their looks, and of its own namespaces only; one name has a private address. */
export const NAMES = new Map([
  ['target.example', [45, 10, 0, 1]],
  ['private.example', [10, 1, 2, 3]],
]);

/** Answers questions for A over UDP; everything else is NXDOMAIN, or has no records. */
export function nameServer(address) {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const answer = answerTo(query);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(53, address, () => resolve(socket)));
}

function answerTo(query) {
  const labels = [];
  let at = 12;
  for (let length = query[at]; length > 0 && at < query.length; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  // traceroute -U sends to port 53 as well
  if (query.length < at + 5) return undefined;
  const question = query.subarray(12, at + 5);
  const type = query.readUInt16BE(at + 1);
  const address = NAMES.get(labels.join('.').toLowerCase());
  const record = address !== undefined && type === 1 ? recordOf(address) : Buffer.alloc(0);
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(record.length > 0 ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, question, record]);
}

/** A pointer to the question's name, A, IN, 60 s. */
function recordOf(address) {
  return Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]);
}
