import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines, putAsideLongLog, readable } from './mongod-log.js';
import { parseStat } from './process-identity.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pladmed-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('readable', () => {
  it('prefers errors, with their attributes', () => {
    const lines = [
      '{"s":"I","msg":"Starting"}',
      '{"s":"E","msg":"Failed to open","attr":{"error":"No space left on device"}}',
      '{"s":"I","msg":"Exiting"}',
    ];
    expect(readable(lines)).toBe('  Failed to open {"error":"No space left on device"}');
  });

  it('shows the last lines when none is an error, and text as it is', () => {
    expect(readable(['{"s":"I","msg":"Starting"}', 'plain text'])).toBe('  Starting\n  plain text');
  });
});

describe('the log file', () => {
  it('gives its last lines, also of a long file, and none when absent', async () => {
    const path = join(folder, 'db.log');
    await writeFile(path, `${'x'.repeat(99)}\n`.repeat(1000) + 'last but one\nlast\n');
    expect(await lastLines(path, 2)).toEqual(['last but one', 'last']);
    expect(await lastLines(join(folder, 'absent'), 2)).toEqual([]);
  });

  it('is put aside when it has grown too long', async () => {
    const path = join(folder, 'db.log');
    await writeFile(path, 'twelve bytes');
    await putAsideLongLog(path, 12);
    expect(await readdir(folder)).toEqual(['db.log']);
    await putAsideLongLog(path, 11);
    expect(await readdir(folder)).toEqual(['db.log.1']);
  });
});

describe('parseStat', () => {
  it('is not misled by a command with spaces and brackets', () => {
    const fields = ['S', ...Array.from({ length: 30 }, (_, index) => String(index))];
    expect(parseStat(`42 (a) b (c) ${fields.join(' ')}`)).toEqual({ state: 'S', startTicks: '18' });
    expect(parseStat('')).toBeUndefined();
  });
});
