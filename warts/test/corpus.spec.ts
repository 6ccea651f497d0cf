import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { dumpRows, jsonLines } from '../src/index.js';
import { toolOutputs, toolsAreInstalled } from './support/tools.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const MAKE_CORPUS = join(import.meta.dirname, 'corpus/make-corpus.sh');
const MINUTES = 60_000;
/** Every how manyth command of the corpus is run: all of them take most of a minute. */
const STEP = process.env['WARTS_CORPUS'] === 'all' ? 1 : 4;

const warts = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.warts'))
    .sort();

/** Local times differ from machine to machine. */
const withoutLocalTime = (text: string): string => text.replace(/"ftime":"[^"]*"/g, '"ftime":""');

describe('the committed corpus', () => {
  const expected = new Map(
    readFileSync(join(FIXTURES, 'expected.txt'), 'utf8')
      .split('== ')
      .slice(1)
      .map((section): [string, string] => [
        section.split('\n')[0]!,
        section.slice(section.indexOf('\n') + 1),
      ]),
  );

  it.each(warts(FIXTURES))('%s prints as scamper prints it', (name) => {
    const bytes = readFileSync(join(FIXTURES, name));
    const lines = [...jsonLines(bytes).lines, ...dumpRows(bytes).rows];
    expect(withoutLocalTime(lines.map((line) => line + '\n').join(''))).toBe(
      withoutLocalTime(expected.get(name)!),
    );
    for (const line of jsonLines(bytes).lines) expect(JSON.parse(line)).toHaveProperty('type');
  });
});

const hasSilentNode = (line = ''): boolean => line.includes('"nodes":[{"addr":"*"');

function reasonToSkip(): string | undefined {
  if (!toolsAreInstalled()) return 'scamper is not installed (apt: scamper)';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    execFileSync('ip', ['netns', 'add', 'warts-try'], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', 'warts-try'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no network namespace can be made here';
  }
}

const reason = reasonToSkip();
if (reason !== undefined) console.warn(`The generated corpus is left out: ${reason}.`);

(reason === undefined ? describe : describe.skip)('a corpus that scamper makes now', () => {
  it(
    "prints as scamper's tools print it",
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'warts-corpus-'));
      try {
        execFileSync('sh', [MAKE_CORPUS, folder, String(STEP)], { stdio: 'ignore', timeout: 3 * MINUTES });
        const files = warts(folder).map((name) => readFileSync(join(folder, name)));
        expect(files.length).toBeGreaterThan(90 / STEP);
        toolOutputs(files).forEach(({ json, rows, died }, i) => {
          const ours = jsonLines(files[i]!).lines;
          // Of a tracelb with a silent first hop, which a busy machine makes, the tool dies, or ends the file there.
          const ends = died || hasSilentNode(ours[json.length]);
          expect(ends ? ours.slice(0, json.length) : ours).toEqual(json);
          expect(dumpRows(files[i]!).rows).toEqual(rows);
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    4 * MINUTES,
  );
});
