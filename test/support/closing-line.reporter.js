import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const SLOWEST = 10;

/**
 * Prints the slowest files of a run, and the line that CI and people look for: `N passed, N failed`.
 * TEST_REPORT names a file that is told this instead, and which files failed (test/run.mjs).
 */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const slowest = results.testResults
      .map(({ testFilePath, perfStats: { runtime } }) => ({ testFilePath, seconds: runtime / 1000 }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, SLOWEST);
    const files = results.testResults
      .filter(({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError)
      .map(({ testFilePath }) => testFilePath);
    const report = { passed: results.numPassedTests, failed, files };
    if (process.env.TEST_REPORT) writeFileSync(process.env.TEST_REPORT, JSON.stringify(report));
    process.on('exit', () => {
      if (results.testResults.length > SLOWEST) {
        console.log(`The ${SLOWEST} slowest of ${results.testResults.length} files:`);
        for (const { testFilePath, seconds } of slowest)
          console.log(`${seconds.toFixed(1).padStart(7)} s  ${relative(process.cwd(), testFilePath)}`);
      }
      if (!process.env.TEST_REPORT) console.log(`${results.numPassedTests} passed, ${failed} failed`);
    });
  }
}
