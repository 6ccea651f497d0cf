import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoRedis } from '../support/redis.js';
import { type ChaosReport, runChaos } from './chaos.js';
import { tablesOf } from './report.js';

/** `make chaos SECONDS=600 SEED=1`, which gives both as arguments. */
const SHOWN = 50;

function whole(name: string, text = ''): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`${name} must be a whole number above 0.`);
  process.exit(2);
}

/** What is needed to find out why, where it can be read afterwards. */
async function keep({ evidence, logs, discrepancies }: ChaosReport): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pladmed-chaos-failed-'));
  await writeFile(join(folder, 'evidence.json'), JSON.stringify(evidence));
  await writeFile(join(folder, 'discrepancies.json'), JSON.stringify(discrepancies, null, 1));
  for (const [name, lines] of Object.entries(logs)) {
    await writeFile(join(folder, `${name.replace(' ', '-')}.log`), lines.join('\n'));
  }
  return folder;
}

const missing = whyNoRedis();
if (missing !== undefined) {
  console.error(`chaos needs a Redis: ${missing}`);
  process.exit(2);
}
const [seconds, seed] = [whole('SECONDS', process.argv[2]), whole('SEED', process.argv[3])];
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // everything that was started ends first; at the second signal it is killed
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}
console.log(`Chaos for ${seconds} s with seed ${seed}`);
const report = await runChaos(
  {
    seconds,
    seed,
    log: (line) => {
      console.log(line);
    },
  },
  stop.signal,
).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(stop.signal.aborted ? 130 : 1);
});
for (const [title, rows] of Object.entries(tablesOf(report))) {
  console.log(title);
  console.table(rows);
}
const { discrepancies } = report;
for (const { kind, what } of discrepancies.slice(0, SHOWN)) console.log(`${kind}: ${what}`);
if (discrepancies.length > 0) console.log(`The logs and the evidence are in ${await keep(report)}`);
console.log(`${discrepancies.length} discrepancies (seed ${seed}, ${seconds} s)`);
process.exit(discrepancies.length === 0 ? 0 : 1);
