import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { kinds } from '../../probe/src/kinds/index.js';
import * as probe from '../../probe/src/protocol.js';
import * as server from '../../src/adapters/probe-protocol/probe.protocol.js';
import { KIND_NAMES, KINDS } from '../../src/measurement/kinds/index.js';

/** Neither side imports the other: here both are held against each other and against the page that is normative. */
describe('the constants of docs/protocol.md', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

  it('are the same on both sides', () => {
    expect({
      version: probe.PROTOCOL.version,
      namespace: probe.PROTOCOL.namespace,
      maxBatchItems: probe.PROTOCOL.maxBatchItems,
      maxBatchBytes: probe.PROTOCOL.maxBatchBytes,
      maxDetailLength: probe.PROTOCOL.maxDetailLength,
      maxBacklogOperations: probe.PROTOCOL.maxBacklogOperations,
      defaultTotalCredits: probe.PROTOCOL.defaultTotalCredits,
      failureReasons: probe.FAILURE_REASONS,
      kinds: kinds.map(({ name }) => name),
      formats: [...new Set(kinds.map(({ format }) => format))],
    }).toEqual({
      version: server.PROTOCOL_VERSION,
      namespace: server.PROBE_NAMESPACE,
      maxBatchItems: server.MAX_BATCH_ITEMS,
      maxBatchBytes: server.MAX_BATCH_BYTES,
      maxDetailLength: server.MAX_DETAIL_LENGTH,
      maxBacklogOperations: server.MAX_BACKLOG_OPERATIONS,
      defaultTotalCredits: server.DEFAULT_TOTAL_CREDITS,
      failureReasons: server.FAILURE_REASONS,
      kinds: KIND_NAMES,
      formats: server.NATIVE_FORMATS,
    });
  });

  it('stand on the page', () => {
    expect(page).toContain(`# The Pladmed probe protocol, version ${server.PROTOCOL_VERSION}`);
    expect(page).toContain(`namespace \`${server.PROBE_NAMESPACE}\``);
    expect(page).toContain(
      `At most ${server.MAX_BATCH_ITEMS} items and ${server.MAX_BATCH_BYTES / 1024 / 1024} MiB`,
    );
    expect(page).toContain(`at most ${server.MAX_DETAIL_LENGTH}`);
    expect(page).toContain(`${server.DEFAULT_TOTAL_CREDITS} if absent`);
    const words = [...server.FAILURE_REASONS, ...KIND_NAMES, ...server.NATIVE_FORMATS];
    for (const word of words) expect(page).toContain(`\`${word}\``);
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
    const cells = row?.split('|').map((cell) => cell.trim());
    expect(cells?.[2]).toBe(`\`${Object.keys(formats).join()}\``);
    expect(cells?.[4]).toBe(String(unitCost));
    expect(cells?.[5]).toBe(classicParams === undefined ? 'no' : 'yes');
    expect(cells?.[3]).toContain(maxDestinations.toLocaleString('en'));
    // dns has `ips` for the classic contract's sake
    const lists = destinationLists.filter((list) => name !== 'dns' || list !== 'ips');
    for (const list of lists) expect(cells?.[3]).toContain(`\`${list}\``);
  });
});
