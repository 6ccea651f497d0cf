import { decode, encode, type PingRecord } from '@pladmed/warts';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Random } from '../chaos/random.js';

const FIXTURE = join(import.meta.dirname, '../../warts/test/fixtures/2026/ping.warts');
const T = Date.UTC(2026, 0, 1);
const LARGE_BYTES = 50 * 1024 * 1024;

export interface ImportFile {
  name: string;
  bytes: Buffer;
  /** times of the whole records before the first damage */
  records: number[];
  isBad: boolean;
}

interface Warts {
  bytes: Buffer;
  times: number[];
  /** where each record ends */
  ends: number[];
}

interface Lines {
  lines: string[];
  times: number[];
}

type Packer = (bytes: Buffer) => Buffer;

/** Makes files of results by a seed. Each record has a time of its own, by which it is told from all others. */
export class FileFactory {
  private readonly random: Random;
  private readonly ping: PingRecord;
  private readonly packers: readonly Packer[] = [
    (bytes) => bytes,
    gzipSync,
    ...['bzip2', 'xz', 'zstd'].map(packerOf),
  ];
  private next = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    const { records } = decode(readFileSync(FIXTURE));
    const ping = records.find(
      (record): record is PingRecord => record.type === 'ping' && record.replies.length > 0,
    );
    if (ping === undefined) throw new Error('the fixture has no ping');
    this.ping = ping;
  }

  valid(n: number): ImportFile {
    const count = this.random.whole(1, 20);
    const pack = this.packers[n % this.packers.length] ?? gzipSync;
    if (n % 3 !== 0) {
      const { bytes, times } = this.warts(count);
      return { name: `valid-${n}.warts`, bytes: pack(bytes), records: times, isBad: false };
    }
    const { lines, times } = this.lines(count);
    const text = n % 2 === 0 ? `${lines.join('\n')}\n` : `{"items":[${lines.join(',')}],"next":null}`;
    return { name: `valid-${n}.json`, bytes: pack(Buffer.from(text)), records: times, isBad: false };
  }

  /** The same again, as it is or packed. */
  doubled(n: number, { bytes, records }: ImportFile): ImportFile {
    const isPacked = !['\x12', '{'].includes(String.fromCharCode(bytes[0] ?? 0));
    const again = n % 2 === 0 || isPacked ? bytes : gzipSync(bytes, { level: 1 });
    return { name: `doubled-${n}`, bytes: again, records, isBad: false };
  }

  damaged(n: number): ImportFile {
    const bad = (bytes: Buffer, records: number[]) => ({ name: `damaged-${n}`, bytes, records, isBad: true });
    if (n % 3 === 0) {
      const { bytes, times, ends } = this.warts(this.random.whole(2, 12));
      const keep = this.random.whole(1, times.length - 1);
      // where a record begins there is none
      bytes.writeUInt16BE(0xbad0, ends[keep - 1] ?? 0);
      return bad(bytes, times.slice(0, keep));
    }
    if (n % 3 === 1) return bad(Buffer.from(`no file of ours ${n}`), []);
    const { lines, times } = this.lines(3);
    return bad(Buffer.from([lines[0], '{"id":', lines[1], lines[2], ''].join('\n')), times);
  }

  halfWritten(n: number): ImportFile {
    const bad = (bytes: Buffer, records: number[]) => ({ name: `half-${n}`, bytes, records, isBad: true });
    if (n % 2 === 0) {
      const { bytes, times, ends } = this.warts(this.random.whole(2, 12));
      const [first = 0] = ends;
      const at = this.random.whole(first, bytes.length - 2);
      // never where a record ends: that would be a whole file
      const cut = ends.includes(at) ? at + 1 : at;
      return bad(bytes.subarray(0, cut), times.slice(0, ends.filter((end) => end <= cut).length));
    }
    const { lines, times } = this.lines(this.random.whole(2, 12));
    const text = lines.join('\n');
    return bad(Buffer.from(text.slice(0, text.length - this.random.whole(1, 100))), times.slice(0, -1));
  }

  /** Of 50 MB. */
  large(n: number, isCut: boolean): ImportFile {
    const { bytes, times, ends } = this.warts(Math.ceil(LARGE_BYTES / 9_000), 200);
    const cut = isCut ? bytes.length - 3 : bytes.length;
    const whole = ends.filter((end) => end <= cut).length;
    return {
      name: `large-${n}`,
      bytes: bytes.subarray(0, cut),
      records: times.slice(0, whole),
      isBad: isCut,
    };
  }

  private warts(count: number, replies = 1): Warts {
    const monitor = `host-${this.random.whole(1, 20)}`;
    const list = { id: this.random.whole(1, 1000), name: 'files', description: undefined, monitor };
    const head = encode([{ type: 'list', number: 0, list }]);
    const parts: Uint8Array[] = [head];
    const times: number[] = [];
    const ends: number[] = [];
    let length = head.length;
    for (let n = 0; n < count; n += 1) {
      const at = this.time();
      const record = this.pingAt(at, replies, list);
      const bytes = encode([{ type: 'list', number: 0, list }, record]).subarray(head.length);
      parts.push(bytes);
      length += bytes.length;
      times.push(at);
      ends.push(length);
    }
    return { bytes: Buffer.concat(parts), times, ends };
  }

  /** As an archive has them. */
  private lines(count: number): Lines {
    const operation = idOf('a', this.random.whole(1, 50));
    const made = Array.from({ length: count }, () => {
      const { bytes, times } = this.warts(1);
      const [at = 0] = times;
      const iso = new Date(at).toISOString();
      const line = JSON.stringify({
        ...{ id: idOf('b', at - T), operation_id: operation, probe_id: idOf('c', this.random.whole(1, 20)) },
        ...{ kind: 'ping', outcome: 'stored', format: 'warts' },
        ...{ received_at: iso, scheduled_at: iso, started_at: iso, raw: bytes.toString('base64') },
      });
      return { line, at };
    });
    return { lines: made.map(({ line }) => line), times: made.map(({ at }) => at) };
  }

  private pingAt(at: number, replies: number, list: PingRecord['list']): PingRecord {
    const start = { sec: Math.floor(at / 1000), usec: (at % 1000) * 1000 };
    const [reply] = this.ping.replies;
    if (reply === undefined) throw new Error('the ping has no reply');
    const many = Array.from({ length: replies }, (_each, probe_id) => ({ ...reply, probe_id }));
    return { ...this.ping, list, cycle: undefined, start, sent: replies, replies: many };
  }

  private time(): number {
    this.next += 1;
    return T + this.next * 7;
  }
}

function idOf(prefix: string, number: number): string {
  return prefix.repeat(4) + number.toString(16).padStart(20, '0');
}

/** Where the tool is not there: as it is. */
function packerOf(tool: string): Packer {
  return (input) => {
    try {
      return execFileSync(tool, ['-c'], { input, maxBuffer: 2 * LARGE_BYTES });
    } catch {
      return input;
    }
  };
}
