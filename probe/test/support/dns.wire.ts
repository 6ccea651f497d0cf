/** Writes DNS messages byte by byte (RFC 1035, section 4), right and wrong ones: a library would not write the wrong ones. */

export interface Message {
  id?: number;
  /** The two bytes behind the id; a response without error if absent. */
  flags?: number;
  question?: { name: string; type: number; class?: number } | null;
  answers?: readonly Buffer[];
  additionals?: readonly Buffer[];
}

export const RESPONSE = 0x8000;
/** The SOA record of the tests' zone. */
export const soa = (serial = 1): Buffer =>
  record(
    'zone.example',
    6,
    Buffer.concat([name('ns.zone.example'), name('hm.zone.example'), numbers(serial)]),
  );
export const a = (owner = 'a.zone.example'): Buffer => record(owner, 1, Buffer.from([192, 0, 2, 1]));
/** A key whose protocol is not 3: valid on the wire, of no use to a validator (RFC 4034, section 2.1.2). */
export const oddKey = (): Buffer => record('zone.example', 48, Buffer.from([1, 0, 4, 8, 1, 2, 3, 4]));

export function name(text: string): Buffer {
  const labels = text === '.' ? [] : text.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.alloc(1),
  ]);
}

export function record(owner: string, type: number, data: Buffer, ttl = 60, rrClass = 1): Buffer {
  return Buffer.concat([name(owner), uint16(type), uint16(rrClass), uint32(ttl), uint16(data.length), data]);
}

/** The upper eight bits of the response code and the version of EDNS are in the place of the TTL (RFC 6891, section 6.1.3). */
export function opt(code: number, version = 0, options = Buffer.alloc(0)): Buffer {
  return record('.', 41, options, (code >> 4) * 0x1000000 + version * 0x10000, 1232);
}

export function message({
  id = 1,
  flags = RESPONSE,
  question,
  answers = [],
  additionals = [],
}: Message): Buffer {
  const asked = question === undefined ? { name: 'zone.example', type: 252 } : question;
  const section =
    asked === null
      ? Buffer.alloc(0)
      : Buffer.concat([name(asked.name), uint16(asked.type), uint16(asked.class ?? 1)]);
  const counts = [asked === null ? 0 : 1, answers.length, 0, additionals.length].map(uint16);
  return Buffer.concat([uint16(id), uint16(flags), ...counts, section, ...answers, ...additionals]);
}

/** With its length in front, as over TCP. */
export function frame(bytes: Buffer): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes]);
}

const numbers = (serial: number): Buffer => Buffer.concat([serial, 3600, 600, 86_400, 60].map(uint32));

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
