import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, gzipResult, type Kind } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { measure, print, whyNoScamper } from '../support/scamper.js';

const missing = whyNoScamper();
if (missing !== undefined)
  console.log(`Skipped: warts are not compared with scamper's own tools, since ${missing}.`);
const withScamper = missing === undefined ? describe : describe.skip;

let world: ClassicWorld;
let ada: Person;
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1000);
  probe = await world.fieldedProbe(ada);
});

afterAll(() => world.stop());

/** Delivers warts for a new operation. @returns what is shown of it */
async function shown(kind: Kind, result_format: string, content: Buffer): Promise<unknown> {
  const { _id: id } = await create(ada.api, kind, [probe.identifier], {}, { result_format });
  expect(await probe.deliver(gzipResult(id, { format: 'warts', content }))).toEqual([id]);
  const { results } = await world.operation(id);
  expect(results.map((item) => item.probe)).toEqual([probe.identifier]);
  return results[0]?.results;
}

/** Where each record of a warts file ends: a header of 8 bytes (magic, type, length), then the record. */
function recordEnds(warts: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < warts.length; at = ends.at(-1) ?? warts.length) {
    ends.push(at + 8 + warts.readUInt32BE(at + 4));
  }
  return ends;
}

const objects = (lines: string[]): unknown[] => lines.map((line) => JSON.parse(line) as unknown);
const isRow = (line: string): boolean => line !== '' && !line.startsWith('#');

withScamper('warts', () => {
  test.each([
    ['ping', 'ping -c 2 -i 0.2'],
    ['ping', 'ping -c 1 -P tcp-syn -d 9'],
    ['ping', 'ping -c 1 -P udp -s 200'],
    ['traceroute', 'trace'],
    ['traceroute', 'trace -P icmp-paris -q 2'],
    ['traceroute', 'trace -P udp-paris -M'],
  ] as [Kind, string][])('%s as json: what sc_warts2json prints (%s)', async (kind, command) => {
    const warts = await measure(command);
    const expected = objects(await print('sc_warts2json', warts));
    expect(expected).toHaveLength(3);
    expect(await shown(kind, 'json', warts)).toEqual(expected);
  });

  test.each([['trace'], ['trace -P icmp-paris -q 2']])(
    'as dump: the rows of sc_analysis_dump (%s)',
    async (command) => {
      const warts = await measure(command);
      const expected = (await print('sc_analysis_dump', warts)).filter(isRow);
      expect(expected).toHaveLength(1);
      const dump = await shown('traceroute', 'dump', warts);
      expect((dump as string).split('\n').filter(isRow)).toEqual(expected);
    },
  );

  test('a damaged file: what came before the damage', async () => {
    const warts = await measure('ping -c 1');
    const whole = objects(await print('sc_warts2json', warts));
    // the list, which prints nothing; the start of the cycle; the ping; the end of the cycle
    const [list = 0, start = 0, ping = 0, all = 0] = recordEnds(warts);
    expect(all).toBe(warts.length);
    for (const [length, objectsBefore] of [
      [list, 0],
      [start - 1, 0],
      [start, 1],
      [start + 5, 1],
      [ping - 1, 1],
      [ping, 2],
      [all - 3, 2],
    ] as const) {
      expect(await shown('ping', 'json', warts.subarray(0, length))).toEqual(whole.slice(0, objectsBefore));
    }
    const noiseInside = Buffer.from(warts);
    noiseInside.fill(0xff, start, start + 8);
    expect(await shown('ping', 'json', noiseInside)).toEqual(whole.slice(0, 1));
  });

  test('cut at any byte it is stored and acknowledged', async () => {
    const warts = await measure('ping -c 1');
    const { _id: id } = await create(ada.api, 'ping', [probe.identifier]);
    const cuts = Array.from({ length: warts.length }, (_, length) => warts.subarray(0, length));
    const answers = await Promise.all(
      cuts.map((content) => probe.deliver(gzipResult(id, { format: 'warts', content }))),
    );
    expect(answers).toEqual(cuts.map(() => [id]));
    const { results } = await world.operation(id);
    expect(results).toHaveLength(cuts.length);
    expect(results.every((item) => Array.isArray(item.results))).toBe(true);
  });

  test('compressed by gzip, named warts: stored, acknowledged, shown as a list', async () => {
    const warts = await measure('ping -c 1');
    expect(await shown('ping', 'json', gzipSync(warts))).toEqual(expect.any(Array));
  });

  test('a dump of damaged warts has no row', async () => {
    const dump = await shown('traceroute', 'dump', Buffer.from('this is no warts'));
    expect((dump as string).split('\n').filter(isRow)).toEqual([]);
  });
});
