#!/usr/bin/env node
/**
 * Runs the tests: with `--web` those of the dashboard's components (Vitest), then those of jest, which gets the other arguments.
 * Files of jest that fail beside others are run once more, alone: what fails twice has failed; what passes alone is named as
 * unsteady, for somebody to mend. Ends with the line "N passed, N failed", of both.
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

/** Runs Vitest. @returns how many tests passed and failed; a run that broke without a failing test is a failure */
async function vitest() {
  const told = join(folder, 'web.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${told}`];
  const child = spawn('npm', ['test', '--silent', '--workspace', 'web', '--', ...reporters], {
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  const { numPassedTests: passed = 0, numFailedTests = 0 } = JSON.parse(
    await readFile(told, 'utf8').catch(() => '{}'),
  );
  return { passed, failed: code === 0 ? numFailedTests : Math.max(1, numFailedTests) };
}

/** @returns how many tests of jest passed and failed in the end; null: the run broke off, and has said why */
async function jestTwice(args) {
  const first = await jest(args);
  // one that failed in many places is no accident
  if (first === null || first.files.length === 0 || first.files.length > MOST) return first;
  console.log(`Once more, alone: ${first.files.map((path) => relative(process.cwd(), path)).join(', ')}`);
  const second = await jest(['--runInBand', '--runTestsByPath', ...first.files]);
  if (second === null) return null;
  for (const path of first.files)
    if (!second.files.includes(path))
      console.log(`UNSTEADY: ${relative(process.cwd(), path)} failed beside others and passed alone`);
  return { ...second, passed: first.passed + first.failed - second.failed };
}

async function main() {
  const args = process.argv.slice(2);
  const web = args.includes('--web') ? await vitest() : { passed: 0, failed: 0 };
  const others = await jestTwice(args.filter((each) => each !== '--web'));
  if (others === null) return 1;
  console.log(`${web.passed + others.passed} passed, ${web.failed + others.failed} failed`);
  return web.failed > 0 ? 1 : others.code;
}

process.exitCode = await main().finally(() => rm(folder, { recursive: true, force: true }));
