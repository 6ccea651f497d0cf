import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { kinds } from '../../probe/src/kinds/index.js';
import * as protocol from '@pladmed/protocol';
import { NATIVE_FORMATS } from '../../src/adapters/probe-protocol/probe.protocol.js';
import { FIGURES } from '../../src/derived/series/figures.js';
import { KIND_NAMES, KINDS } from '../../src/measurement/kinds/index.js';

/** Neither side imports the other: here both are held against the page that is normative. */
describe('the constants of docs/protocol.md', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

  it('name the same kinds and formats on both sides', () => {
    expect(kinds.map(({ name }) => name)).toEqual(KIND_NAMES);
    expect([...new Set(kinds.map(({ format }) => format))]).toEqual(NATIVE_FORMATS);
  });

  it('stand on the page', () => {
    expect(page).toContain(`# The Pladmed probe protocol, version ${protocol.PROTOCOL_VERSION}`);
    expect(page).toContain(`namespace \`${protocol.PROBE_NAMESPACE}\``);
    expect(page).toContain(
      `At most ${protocol.MAX_BATCH_ITEMS} items and ${protocol.MAX_BATCH_BYTES / 1024 / 1024} MiB`,
    );
    expect(page).toContain(`at most ${protocol.MAX_DETAIL_LENGTH}`);
    expect(page).toContain(`${protocol.DEFAULT_TOTAL_CREDITS} if absent`);
    const words = [...protocol.FAILURE_REASONS, ...KIND_NAMES, ...NATIVE_FORMATS];
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });

  it.each(KIND_NAMES)('%s: its parameters are read by both sides, an unknown one by neither', (name) => {
    const { params } = KINDS[name].example;
    const wrong = { ...params, nonsense: 1 };
    expect(() => KINDS[name].check(wrong, 'refuse')).toThrow('params.nonsense is not known here');
    const read = kinds.find((kind) => kind.name === name)?.params.safeParse(wrong);
    expect(read?.error).toBeUndefined();
    for (const member of Object.keys(params)) expect(read?.data).toHaveProperty([member]);
    expect(read?.data).not.toHaveProperty('nonsense');
  });

  it.each(KIND_NAMES)('%s stands in the table of kinds', (name) => {
    const { formats, params, unitCost, classicParams } = KINDS[name];
    const { destinationLists, maxDestinations } = params;
    const row = page
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` `) && line.split('|').length === 7);
    if (row === undefined) throw new Error(`docs/protocol.md, "Kinds": no row for \`${name}\``);
    const cells = row.split('|').map((cell) => cell.trim());
    expect(cells[2]).toBe(`\`${Object.keys(formats).join()}\``);
    expect(cells[4]).toBe(String(unitCost));
    expect(cells[5]).toBe(classicParams === undefined ? 'no' : 'yes');
    expect(cells[3]).toContain(maxDestinations.toLocaleString('en'));
    // dns has `ips` for the classic contract's sake
    const lists = destinationLists.filter((list) => name !== 'dns' || list !== 'ips');
    for (const list of lists) expect(cells[3]).toContain(`\`${list}\``);
  });
});

/** A kind is named in several places of the pages: here they say which one lacks it. */
describe('other places of the pages that name every kind', () => {
  const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

  /** @returns the rows of the first table behind a text */
  function tableBehind(page: string, text: string): string[] {
    const lines = page.slice(page.indexOf(text)).split('\n');
    const first = lines.findIndex((line) => line.startsWith('|'));
    return page.includes(text) ? lines.slice(first, lines.indexOf('', first)) : [];
  }

  const names = (text: string, kind: string) => new RegExp(String.raw`\b${kind}\b`).test(text);

  it.each([
    ['glossary.md', '| kind |'],
    ['cli.md', '| `measure KIND'],
    ['data.md', '| `rtt_from`'],
  ])('%s, in the line that begins with %s', (file, start) => {
    const lines = read(file).split('\n');
    const line = lines.find((each) => each.startsWith(start)) ?? '';
    expect(KIND_NAMES.filter((kind) => !names(line, kind))).toEqual([]);
  });

  it.each([
    ['protocol.md', '**Packets** of one run'],
    ['probe.md', 'What leaves your address:'],
  ])('%s, in the table behind %s', (file, text) => {
    const firstCells = tableBehind(read(file), text).map((row) => row.split('|')[1] ?? '');
    expect(KIND_NAMES.filter((kind) => !firstCells.some((cell) => names(cell, kind)))).toEqual([]);
  });

  it('protocol.md, under a heading of its own, where the classic contract does not know it', () => {
    const own = KIND_NAMES.filter((kind) => KINDS[kind].classicParams === undefined);
    expect(own.filter((kind) => !read('protocol.md').includes(`\n### \`${kind}\`\n`))).toEqual([]);
  });

  it.each(KIND_NAMES)('data.md, the figures over time of %s', (kind) => {
    const row = tableBehind(read('data.md'), '| kind | columns behind').find((each) =>
      each.startsWith(`| ${kind} |`),
    );
    const { counts, tallies, distributions } = FIGURES[kind];
    const columns = [...counts, ...[...tallies, ...distributions].map(({ name }) => name)];
    expect(columns.filter((name) => row?.includes(`\`${name}\``) !== true)).toEqual([]);
  });
});
