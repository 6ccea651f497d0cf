import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  dnsDocument,
  httpDocument,
  mtrDocument,
  ntpDocument,
  readDocument,
  tlsDocument,
} from '@pladmed/protocol';
import { Random } from '../../test/chaos/random.js';
import type { Operation } from '../src/protocol/protocol.js';
import { Authority } from './support/certificates.js';
import { FakeServer } from './support/fake.server.js';
import { HostilePeers, mutated } from './support/hostile.peers.js';
import { operation } from './support/operations.js';

const root = join(import.meta.dirname, '..', '..');
const FIXTURES = join(root, 'warts/test/fixtures');
/** `make fuzz-probe` asks for more. */
const EXCHANGES = Number(process.env['PROBE_FUZZ_EXCHANGES'] ?? 400);
/** The same again: PROBE_FUZZ_SEED=n, of what a failed run has printed. */
const SEED = Number(process.env['PROBE_FUZZ_SEED'] ?? randomInt(2 ** 31));
/** Exchanges of one run. */
const A_RUN = 20;
/** Runs that the probe gets at one time, and those that it does at one time. */
const A_WAVE = 20;
const AT_ONCE = 10;
/** With so many runs of a kind an honest answer is as good as certain. */
const ENOUGH_RUNS = 5;
/** Of each exchange, s: with less, a busy machine reaches the limit of a run before its peers have answered. */
const TIMEOUT_S = 5;
/** What scamper "wrote": one file for each last byte of an address. */
const FILES = 60;
const MOST_RESIDENT_KB = 400 * 1024;
const LONGEST_MS = 120_000 + EXCHANGES * 300;

const DOCUMENTS = {
  ...{ dns: dnsDocument, http: httpDocument, tls: tlsDocument, ntp: ntpDocument },
  mtr: mtrDocument,
} as const;
const OF_SCAMPER = new Set(['ping', 'traceroute', 'mtr']);

describe('a probe among peers that keep to no protocol', () => {
  const random = new Random(SEED);
  let server: FakeServer;
  let peers: HostilePeers;
  let authority: Authority;
  let folder: string;
  let child: ChildProcess;
  let log = '';
  /** What the entries say, and how often. */
  const told = new Map<string, number>();

  beforeAll(async () => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
    folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-fuzz-')));
    authority = await Authority.make();
    peers = await HostilePeers.start(random.branch('peers'), await authority.issue(['IP:127.0.0.1']));
    server = await FakeServer.start();
    const scamper = await hostileScamper(folder, random.branch('scamper'));
    child = spawn(process.execPath, [join(root, 'probe/dist/cli.js'), 'run'], {
      env: {
        PATH: process.env['PATH'],
        PLADMED_SERVER: server.url,
        PLADMED_TOKEN: 'a.b.c',
        PLADMED_DATA_DIR: join(folder, 'data'),
        PLADMED_ALLOW: '127.0.0.0/8',
        PLADMED_SCAMPER: scamper,
        PLADMED_CONCURRENT_RUNS: String(AT_ONCE),
        PLADMED_PACKETS_PER_SECOND: '10000',
        PLADMED_MIB_PER_DAY: '1000000',
        PLADMED_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-100_000)));
    child.on('exit', () => {
      server.changed();
    });
  });
  afterAll(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    peers.close();
    await server.close();
    await authority.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const isAccounted = ({ operation_id, schedule }: Operation): boolean => {
    const key = `${operation_id} ${schedule.type === 'once' ? schedule.at : ''}`;
    return server.results.has(key) || server.failures.has(key);
  };

  /** One run of 20 exchanges of a kind. */
  function draw(): Operation {
    const { dns, http, tls, ntp } = peers.ports;
    const ips = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `127.0.${random.whole(0, 200)}.${at + 1}`);
    const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}.example.org`);
    const asked = { resolver: '127.0.0.1', resolver_port: dns };
    const kind = random.weighted({
      dns: 2,
      dnsTcp: 2,
      axfr: 1,
      http: 4,
      https: 2,
      tls: 3,
      ntp: 3,
      ping: 1,
      traceroute: 1,
      mtr: 1,
    });
    const urls = (scheme: string, port: number): string[] =>
      ips(A_RUN).map((ip) => `${scheme}://${ip}:${port}/`);
    switch (kind) {
      case 'dns':
        return operation({ kind: 'dns', params: { fqdns: names(A_RUN), ...asked } });
      case 'dnsTcp':
        return operation({ kind: 'dns', params: { fqdns: names(A_RUN), tcp: '', ...asked } });
      case 'axfr':
        return operation({ kind: 'dns', params: { fqdns: names(A_RUN), type: 'axfr', ...asked } });
      case 'http':
        return operation({ kind: 'http', params: { urls: urls('http', http), timeout_s: TIMEOUT_S } });
      case 'https':
        return operation({ kind: 'http', params: { urls: urls('https', tls), timeout_s: TIMEOUT_S } });
      case 'tls':
        return operation({ kind: 'tls', params: { ips: ips(A_RUN), port: tls, timeout_s: TIMEOUT_S } });
      case 'ntp':
        // A server on all addresses answers over UDP from the first one, and from nowhere else.
        return operation({
          kind: 'ntp',
          params: {
            ips: Array.from({ length: A_RUN }, () => '127.0.0.1'),
            port: ntp,
            samples: 1,
            timeout_s: 2,
          },
        });
      default:
        return operation({ kind, params: { ips: [`127.0.0.${random.whole(1, FILES)}`] } });
    }
  }

  test(
    `${EXCHANGES} exchanges: it never ends, and every run is accounted for`,
    async () => {
      try {
        await server.until(() => server.connected || hasEnded());
        const all: Operation[] = [];
        while (all.length * A_RUN < EXCHANGES && !hasEnded()) {
          const wave = Array.from({ length: A_WAVE }, draw);
          all.push(...wave);
          await server.assign(...wave);
          await server.until(() => hasEnded() || wave.every(isAccounted));
          server.operations = [];
        }
        expect(hasEnded()).toBe(false);
        expect(all.filter((each) => !isAccounted(each))).toEqual([]);
        expect(peers.answered).toBeGreaterThan(EXCHANGES / 4);
        for (const each of all) checkDocument(each);
        console.log(
          `fuzz: ${all.length} runs, ${server.failures.size} of them failed, ${peers.answered} answers`,
          Object.fromEntries(told),
        );
        checkFailures(all);
        const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
        expect(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1])).toBeLessThan(MOST_RESIDENT_KB);
      } catch (error) {
        console.log(`PROBE_FUZZ_SEED=${SEED}\n${log}`);
        throw error;
      }
    },
    LONGEST_MS,
  );

  /**
   * Whatever a peer sends is a finding: only what scamper "wrote" may make a run fail. A machine that gives these processes next to nothing
   * ends runs by their limit; most of each kind come to their end all the same.
   */
  function checkFailures(all: readonly Operation[]): void {
    const kinds = new Map(all.map(({ operation_id, kind }) => [operation_id, kind]));
    const failed = [...server.failures.values()].map(({ operation_id, reason, detail }) => ({
      kind: kinds.get(operation_id),
      reason,
      detail,
    }));
    const unexpected = failed.filter(({ kind, reason }) =>
      OF_SCAMPER.has(kind ?? '') ? !['tool_failed', 'nothing_sent'].includes(reason) : reason !== 'timeout',
    );
    expect(unexpected).toEqual([]);
    for (const kind of Object.keys(DOCUMENTS).filter((each) => !OF_SCAMPER.has(each))) {
      const runs = all.filter((each) => each.kind === kind).length;
      const ended = failed.filter((each) => each.kind === kind).length;
      expect(ended).toBeLessThanOrEqual(runs / 2);
      // Some answers are honest: a kind without one has met no peer.
      if (runs - ended >= ENOUGH_RUNS) expect([...told.keys()]).toContain(`${kind}: none`);
    }
  }

  /** The server reads every entry, and there is one for each destination at least. */
  function checkDocument({ operation_id, kind, schedule }: Operation): void {
    if (!Object.hasOwn(DOCUMENTS, kind) || schedule.type !== 'once') return;
    const content = server.results.get(`${operation_id} ${schedule.at}`)?.content;
    if (content === undefined) return;
    const entries = readDocument(DOCUMENTS[kind as keyof typeof DOCUMENTS] as typeof ntpDocument, content);
    if (typeof entries === 'string') throw new Error(entries);
    expect(entries.filter((entry) => 'unreadable' in entry)).toEqual([]);
    expect(entries.length).toBeGreaterThanOrEqual(OF_SCAMPER.has(kind) ? 1 : A_RUN);
    for (const entry of entries) {
      const error = 'value' in entry ? (entry.value.error ?? 'none') : 'unreadable';
      told.set(`${kind}: ${error}`, (told.get(`${kind}: ${error}`) ?? 0) + 1);
    }
  }
});

/** A program in scamper's place, whose output is damaged. @returns its path */
async function hostileScamper(folder: string, random: Random): Promise<string> {
  const names = (await readdir(FIXTURES)).filter((name) => /(ping|trace).*\.warts$/.test(name));
  for (let each = 1; each <= FILES; each++) {
    const sample = await readFile(join(FIXTURES, random.pick(names)));
    await writeFile(join(folder, `${each}.warts`), mutated(random, sample));
    await writeFile(join(folder, `${each}.code`), random.chance(0.2) ? '1' : '0');
  }
  const path = join(folder, 'scamper');
  const lines = [
    '#!/bin/sh',
    'while [ $# -gt 1 ]; do [ "$1" = -o ] && output=$2; shift; done',
    'which=${1##*.}',
    `cat "${folder}/$which.warts" > "$output"`,
    'echo "scamper: what it says is of no use" >&2',
    `exit "$(cat "${folder}/$which.code")"`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o755 });
  return path;
}
