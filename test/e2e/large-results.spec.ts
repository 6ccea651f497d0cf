import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import mongoose from 'mongoose';
import { jsonLines } from '@pladmed/warts';
import { type Account, ApiWorld, type Operation, type Page } from '../support/api-world.js';
import { openApi } from '../support/openapi-assert.js';
import { Watcher } from '../support/watcher.js';
import { sized } from '../support/size.js';

const { ObjectId } = mongoose.Types;
const MIB = 1024 * 1024;
/** Of each view and format. */
const READERS = sized(12, 4);
const MOST_ABOVE_IDLE = 300 * MIB;
const RESULTS = 100;

/** What is stored of each; it need not be true. */
const SUMMARY = [{ type: 'dns', rcode: null, rtt_ms: null }];

interface Result {
  id: string;
  format: string;
  summary: unknown[];
  decoded: unknown;
  decoded_url: string | null;
  raw_bytes: number;
  decode_error: string | null;
}

const FIXTURES = 'warts/test/fixtures/';
const PING = readFileSync(`${FIXTURES}001-ping-P-icmp-echo-d-33500-c-3-i-0-2-10-77.warts`);
const WARTS_PING = 7;

/** Of a file of the decoder's tests: what stands before its ping, and the ping. */
function partsOf(file: Buffer): { before: Buffer; ping: Buffer } {
  for (let at = 0; at < file.length;) {
    const end = at + 8 + file.readUInt32BE(at + 4);
    if (file.readUInt16BE(at + 2) === WARTS_PING)
      return { before: file.subarray(0, at), ping: file.subarray(at, end) };
    at = end;
  }
  throw new Error('there is no ping in the file');
}

/** A file of one ping again and again, as long as may be, and what it says. */
function manyPings(bytes: number): { file: Buffer; text: string } {
  const { before, ping } = partsOf(PING);
  const times = Math.floor((bytes - before.length) / ping.length);
  const lines = [...jsonLines(Buffer.concat([before, ping])).lines];
  const line = lines.at(-1) ?? '';
  const others = lines.slice(0, -1).map((other) => `${other},`);
  return {
    file: Buffer.concat([before, ...Array<Buffer>(times).fill(ping)]),
    text: `[${others.join('')}${`${line},`.repeat(times - 1)}${line}]`,
  };
}

const query = {
  ...{ name: 'example.org', type: 'A', resolver: '192.0.2.53', transport: 'udp' },
  ...{ rtt_ms: 1, response: null, error: 'timeout' },
};
/** About as many entries and values as there may be, and text beside them. */
const queries = Array<object>(9_000).fill({ ...query, x: Array<object>(20).fill({}), y: 'é'.repeat(200) });
const dig = Buffer.alloc(64 * MIB, 'dig "\n');
const pings = manyPings(64 * MIB);

/** What a result of each format has, and what it says, as JSON. */
const KINDS: Record<string, { raw: Buffer; text: string }> = {
  warts: { raw: gzipSync(pings.file), text: pings.text },
  gzip: { raw: gzipSync(dig), text: JSON.stringify(dig.toString()) },
  dns: {
    raw: Buffer.from(JSON.stringify({ version: 1, queries })),
    text: JSON.stringify(queries),
  },
};
const SMALL = Buffer.from(JSON.stringify({ version: 1, queries: [query] }));

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of the server's process, in bytes: VmRSS, or VmHWM, the most since resetPeak(). */
function memory(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}

function resetPeak(pid: number): void {
  // proc(5): 5 resets VmHWM
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** The flags that `npm start` gives node: a large young generation counts as well. */
function flagsOfStart(): string {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
  return /^node (.*) dist\/main\.js$/.exec(scripts.start)?.[1] ?? '';
}

/** How somebody reads: some of it, some of it slowly, or the beginning, and then nothing until all others are done. */
type Pace = 'fast' | 'slow' | 'stalled';
interface Manner {
  pace?: Pace;
  /** of those who are stalled */
  end?: Promise<void>;
  /** of another user */
  token?: string | undefined;
}
const PACES: readonly Pace[] = ['fast', 'slow', 'stalled'];

describe('large results', () => {
  let world: ApiWorld;
  let user: Account;
  let token: string;
  let operation: Operation;
  let small: { operation: string; result: string };
  /** a result of each format */
  const sample: Record<string, string> = {};

  async function insert(id: string, results: object[]): Promise<string[]> {
    const whole = results.map((result, n) => ({
      ...{ _id: new ObjectId(), operation: new ObjectId(id), probe: new ObjectId(), unique_code: `a${n}` },
      ...{
        outcome: 'stored',
        received_at: new Date(n),
        summary: SUMMARY,
        ...result,
      },
    }));
    await world.database.collection('results').insertMany(whole);
    return whole.map(({ _id }) => _id.toHexString());
  }

  beforeAll(async () => {
    world = await ApiWorld.startProcess({ NODE_OPTIONS: flagsOfStart() });
    user = await world.account(10_000);
    token = user.api.token ?? '';
    const registered = await world.probe(user);
    operation = await world.operation(user, [registered]);
    // ten documents: all of them are 45 MB
    const formatOf = (n: number) => (n % 10 === 0 ? 'dns' : n % 2 === 0 ? 'gzip' : 'warts');
    const formats = Array.from({ length: RESULTS }, (_, n) => formatOf(n));
    const ids = await insert(
      operation.id,
      formats.map((format) => ({ format, raw: KINDS[format]?.raw })),
    );
    formats.forEach((format, n) => (sample[format] = ids[n] ?? ''));
    const other = await world.operation(user, [registered]);
    const [result = ''] = await insert(other.id, [{ format: 'dns', raw: SMALL }]);
    small = { operation: other.id, result };
  }, 900_000);
  afterAll(() => world.stop());

  const open = (path: string, accept = 'application/json', as = token) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${as}`, accept };
      // each on a connection of its own
      get(`${world.server.url}${path}`, { headers, agent: false }, resolve).on('error', reject);
    });

  /** @returns all of an answer; of what is longer than `most`, the beginning */
  async function read(path: string, accept: string, most: number, how: Manner = {}): Promise<Buffer> {
    const { pace = 'fast', end } = how;
    const answer = await open(path, accept, how.token);
    expect([path, answer.statusCode]).toEqual([path, 200]);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > most) break;
      if (pace === 'slow') await delay(20);
      // takes nothing more, and does not leave either
      if (pace === 'stalled') await end;
    }
    answer.destroy();
    return Buffer.concat(chunks);
  }

  async function hashOf(path: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of (await open(path)) as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex');
  }

  const isPrefix = (text: Buffer, whole: string) =>
    whole.startsWith(text.toString('utf8').replace(/\uFFFD+$/, ''));

  function checkItems(items: Result[], view: string): void {
    expect(items.map(({ id }) => id)).toHaveLength(RESULTS);
    for (const { id, format, decoded, decoded_url, raw_bytes, summary } of items) {
      const url = view === 'summary' ? null : `/api/v1/results/${id}/decoded?view=${view}`;
      expect({ decoded, decoded_url }).toEqual({ decoded: null, decoded_url: url });
      expect(raw_bytes).toBe(KINDS[format]?.raw.length);
      expect(summary).toEqual(SUMMARY);
    }
  }

  type Check = (answer: Buffer, isAll: boolean) => void;

  function everyReading(): { path: string; accept?: string; check: Check }[] {
    const listing = `/api/v1/operations/${operation.id}/results`;
    // the first of them is a document
    const classic: Check = (answer) => {
      const text = answer.toString('utf8');
      const head = /^.*?"results":\[\{.*?"results":(?=\[)/s.exec(text)?.[0].length ?? text.length;
      expect(isPrefix(Buffer.from(text.slice(head)), KINDS['dns']?.text ?? '')).toBe(true);
    };
    const listings = ['summary', 'json', 'dump'].flatMap((view) => [
      {
        path: `${listing}?view=${view}`,
        check: (text: Buffer, isAll: boolean) => {
          if (isAll) checkItems((JSON.parse(text.toString()) as Page<Result>).items, view);
        },
      },
      {
        path: `${listing}?view=${view}`,
        accept: 'application/x-ndjson',
        check: (text: Buffer, isAll: boolean) => {
          const lines = text.toString().trimEnd().split('\n');
          const items = lines.map((line) => JSON.parse(line) as Result);
          if (isAll) checkItems(items, view);
        },
      },
    ]);
    const single = Object.entries(sample).flatMap(([format, id]) => {
      const { raw, text } = KINDS[format] ?? { raw: Buffer.alloc(0), text: '' };
      const isBeginning: Check = (part) => {
        expect([format, part.length > 0 && isPrefix(part, text)]).toEqual([format, true]);
      };
      return [
        {
          path: `/api/v1/results/${id}/raw`,
          check: (part: Buffer) => {
            expect(raw.subarray(0, part.length).equals(part)).toBe(true);
          },
        },
        { path: `/api/v1/results/${id}/decoded?view=json`, check: isBeginning },
        {
          path: `/api/v1/results/${id}/decoded?view=dump`,
          // a dump has no pings
          check: format === 'warts' ? () => undefined : isBeginning,
        },
      ];
    });
    return [
      ...listings,
      { path: `/operation?id=${operation.id}`, check: classic },
      { path: '/operations/me', check: () => undefined },
      ...single,
    ];
  }

  it('100 of them, and readers of each view and format at once: less than 300 MB above idle', async () => {
    const { pid } = world.server;
    // what every server has after its first requests
    for (const view of ['summary', 'json', 'dump'])
      for (const accept of ['application/json', 'application/x-ndjson'])
        await read(`/api/v1/operations/${small.operation}/results?view=${view}`, accept, MIB);
    const idle = memory(pid, 'VmRSS');
    resetPeak(pid);
    const began = performance.now();
    let release = (): void => undefined;
    const end = new Promise<void>((resolve) => (release = resolve));
    const watchers = await Promise.all(
      Array.from({ length: READERS }, () => Watcher.connect(world.server.url, token)),
    );
    const listeners = await Promise.all(
      watchers.map(() => open(`/api/v1/operations/${operation.id}/events`, 'text/event-stream')),
    );
    const readings = everyReading().flatMap(({ path, accept = 'application/json', check }) =>
      Array.from({ length: READERS }, (_, n) => {
        const pace = PACES[n % PACES.length] ?? 'fast';
        const most = MIB / 4;
        const done = read(path, accept, most, { pace, end }).then((text) => {
          check(text, text.length <= most);
        });
        return { pace, done };
      }),
    );
    const moving = readings.filter(({ pace }) => pace !== 'stalled').map(({ done }) => done);
    // nobody waits for those who read nothing
    await Promise.all(moving);
    expect((await user.api.get(`/api/v1/results/${small.result}/decoded`)).body).toEqual([query]);
    for (const format of ['gzip', 'dns'])
      expect(await hashOf(`/api/v1/results/${sample[format] ?? ''}/decoded`)).toBe(
        sha256(KINDS[format]?.text ?? ''),
      );
    release();
    await Promise.all(readings.map(({ done }) => done));
    for (const watcher of watchers) watcher.close();
    for (const listener of listeners) listener.destroy();
    const peak = memory(pid, 'VmHWM');
    console.log(
      `${readings.length} readers: ${Math.round((peak - idle) / MIB)} MiB above ${Math.round(idle / MIB)}, ${Math.round((performance.now() - began) / 1000)} s`,
    );
    expect(peak - idle).toBeLessThan(MOST_ABOVE_IDLE);
  }, 1_800_000);

  it('a page of many texts of middling length ends where it has enough of them, and goes on', async () => {
    const { file, text } = manyPings(40 * 1024);
    const registered = await world.probe(user);
    const many = await world.operation(user, [registered]);
    const ids = await insert(many.id, Array(80).fill({ format: 'warts', raw: gzipSync(file) }) as object[]);
    const pages = await user.api.pages<Result>(`/api/v1/operations/${many.id}/results?view=json`);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flat().map(({ id }) => id)).toEqual(ids);
    // compared as text: it is long, and comparing objects takes longer than a connection is kept
    const expected = JSON.stringify(JSON.parse(text));
    for (const { decoded } of pages.flat()) expect(JSON.stringify(decoded) === expected).toBe(true);
    const listing = `/api/v1/operations/${many.id}/results?view=json`;
    const lines = (await read(listing, 'application/x-ndjson', Infinity)).toString().trimEnd().split('\n');
    const items = lines.map((line) => JSON.parse(line) as Result);
    expect(JSON.stringify(items) === JSON.stringify(pages.flat())).toBe(true);
    openApi.checkSchema('ResultDto', items[0]);
    const classic = await read(`/operation?id=${many.id}`, 'application/json', Infinity);
    const { results } = JSON.parse(classic.toString()) as { results: { results: unknown }[] };
    expect(results).toHaveLength(ids.length);
    for (const { results: shown } of results) expect(JSON.stringify(shown) === expected).toBe(true);
  }, 900_000);

  it('a page of large operations ends where it has enough of them, and goes on', async () => {
    const operations = world.database.collection('operations');
    const owner = await world.account(10);
    const template = await world.operation(owner, [await world.probe(owner)], { visibility: 'private' });
    const stored = await operations.findOne({ _id: new ObjectId(template.id) });
    // an operation may have 1,000 names of 253 characters
    const more = `.${'x'.repeat(60)}`.repeat(3);
    const fqdns = Array.from({ length: 1000 }, (_, n) => `${String(n).padStart(57, 'x')}${more}.example`);
    const params = { params: { fqdns }, accepted_params: JSON.stringify({ fqdns }) };
    const large = Array.from({ length: 40 }, (_, n) => ({
      ...{ ...stored, _id: new ObjectId(), number: 2_000_000 + n },
      ...params,
    }));
    await operations.insertMany(large);
    const pages = await owner.api.pages<Operation>('/api/v1/operations?mine=true');
    // by id: of ids that two processes make in one second either may be the larger
    const newestFirst = [...large.map(({ _id }) => _id.toHexString()), template.id].sort().reverse();
    expect(pages.flat().map(({ id }) => id)).toEqual(newestFirst);
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(3 * MIB);
    const classic = await read('/operations/me', 'application/json', Infinity, { token: owner.api.token });
    const shown = (JSON.parse(classic.toString()) as { params: unknown }[]).map(({ params }) => params);
    expect(shown).toHaveLength(1 + large.length);
    const asAccepted = shown.filter((each) => JSON.stringify(each) === params.accepted_params);
    expect(asAccepted.length).toBe(large.length);
  }, 900_000);
});
