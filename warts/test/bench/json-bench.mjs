/**
 * How long `json` takes for a file of 50 MB or more, beside sc_warts2json, and how much memory it needs:
 *
 *   npx tsc -b warts && node warts/test/bench/json-bench.mjs [FILE...]
 *
 * The file repeats the ping and trace records of FILE... (the committed fixtures if none is given) in one list and
 * cycle. Both commands write to /dev/null and run one after the other, three times each; the medians are compared.
 * Then one ping record of about 2 KB is decoded and summarised many times in this process.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, summarize } from '../../dist/index.js';

const TARGET_BYTES = 52 * 1024 * 1024;
const ROUNDS = 3;
const CLI = join(import.meta.dirname, '../../dist/cli.js');
const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Records of a file as [type, bytes]. */
function recordsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at + 4);
    records.push([view.getUint16(at + 2), bytes.subarray(at, end)]);
    at = end;
  }
  return records;
}

function writeBigFile(name, sources) {
  const all = sources.map((source) => recordsOf(readFileSync(source)));
  const head = all[0].filter(([type]) => type === 1 || type === 2).map(([, bytes]) => bytes);
  const body = all
    .flat()
    .filter(([type]) => type === 6 || type === 7)
    .map(([, bytes]) => bytes);
  const block = Buffer.concat(body);
  const file = openSync(name, 'w');
  let size = writeSync(file, Buffer.concat(head));
  while (size < TARGET_BYTES) size += writeSync(file, block);
  closeSync(file);
  return size;
}

/** Seconds of processor and wall time and peak memory of a command, by the shell's `time`. */
function measure(command, args) {
  const result = spawnSync('/usr/bin/python3', ['-c', MEASURE, command, ...args], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout);
}

const MEASURE = `
import json, resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({'seconds': seconds, 'cpu': used.ru_utime + used.ru_stime, 'mb': used.ru_maxrss / 1024, 'code': code}))
`;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function compare(name) {
  const ours = [];
  const theirs = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(measure('sc_warts2json', [name]));
    ours.push(measure(process.execPath, [CLI, 'json', name]));
  }
  for (const [label, runs] of [
    ['sc_warts2json', theirs],
    ['json', ours],
  ]) {
    const seconds = median(runs.map((run) => run.seconds));
    const cpu = median(runs.map((run) => run.cpu));
    console.log(
      `${label}: ${seconds.toFixed(2)} s (processor ${cpu.toFixed(2)} s), ${Math.max(...runs.map((run) => run.mb)).toFixed(0)} MB`,
    );
  }
  const ratio = median(ours.map((run) => run.seconds)) / median(theirs.map((run) => run.seconds));
  const cpuRatio = median(ours.map((run) => run.cpu)) / median(theirs.map((run) => run.cpu));
  console.log(`ratio of wall times: ${ratio.toFixed(2)}, of processor times: ${cpuRatio.toFixed(2)}`);
}

/** A ping of about 2 KB: the first fixture ping's replies, as many as it takes. */
function timeOnePing(sources) {
  const files = sources.map((source) => readFileSync(source));
  const sized = files.flatMap((bytes) =>
    recordsOf(bytes)
      .filter(([type]) => type === 7)
      .map(([, record]) => ({ bytes, record })),
  );
  const { bytes, record } = sized.toSorted(
    (a, b) => Math.abs(a.record.length - 2048) - Math.abs(b.record.length - 2048),
  )[0];
  const head = recordsOf(bytes)
    .filter(([type]) => type === 1 || type === 2)
    .map(([, part]) => part);
  const file = Buffer.concat([...head, record]);
  const run = () => {
    const { records } = decode(file);
    return summarize(records.at(-1));
  };
  for (let i = 0; i < 20_000; i++) run();
  const rounds = Array.from({ length: 200 }, () => {
    const begin = process.cpuUsage();
    for (let i = 0; i < 500; i++) run();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 500;
  });
  console.log(
    `one ping of ${record.length} bytes (with its list and cycle): ${median(rounds).toFixed(1)} us of the processor to decode and summarise, ${Math.min(...rounds).toFixed(1)} at least`,
  );
}

const given = process.argv.slice(2);
const sources =
  given.length > 0
    ? given
    : readdirSync(FIXTURES)
        .filter((name) => name.endsWith('.warts'))
        .map((name) => join(FIXTURES, name));
const folder = mkdtempSync(join(tmpdir(), 'warts-bench-'));
try {
  const name = join(folder, 'big.warts');
  console.log(`${(writeBigFile(name, sources) / 1e6).toFixed(1)} MB of pings and traces`);
  compare(name);
  timeOnePing(sources);
} finally {
  rmSync(folder, { recursive: true });
}
