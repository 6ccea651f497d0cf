#!/usr/bin/env node
/**
 * Runs the tests (arguments go to jest). Files that fail beside others are run once more, alone: what fails twice has failed; what
 * passes alone is named as unsteady, for somebody to mend. Ends with the line "N passed, N failed".
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** More files than these do not fail by the load of a machine. */
const MOST = 3;

const folder = await mkdtemp(join(tmpdir(), 'tests-'));
const report = join(folder, 'report.json');

/** Runs jest. @returns how many tests passed and failed, which files failed, and the code that it ended with */
async function jest(args) {
  const child = spawn('npm', ['test', '--silent', '--', ...args], {
    stdio: 'inherit',
    env: { ...process.env, TEST_REPORT: report },
  });
  const [code] = await once(child, 'exit');
  const text = await readFile(report, 'utf8').catch(() => null);
  await rm(report, { force: true });
  return text === null ? null : { ...JSON.parse(text), code };
}

async function main() {
  const first = await jest(process.argv.slice(2));
  // a run that broke off has said why; one that failed in many places is no accident
  if (first === null) return 1;
  if (first.files.length === 0 || first.files.length > MOST) return first.code;
  console.log(`Once more, alone: ${first.files.map((path) => relative(process.cwd(), path)).join(', ')}`);
  const second = await jest(['--runInBand', '--runTestsByPath', ...first.files]);
  if (second === null) return 1;
  for (const path of first.files)
    if (!second.files.includes(path))
      console.log(`UNSTEADY: ${relative(process.cwd(), path)} failed beside others and passed alone`);
  console.log(`${first.passed + first.failed - second.failed} passed, ${second.failed} failed`);
  return second.code;
}

process.exitCode = await main().finally(() => rm(folder, { recursive: true, force: true }));
