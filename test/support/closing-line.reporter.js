/** Prints the line that CI and people look for: `N passed, N failed`. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.on('exit', () => {
      console.log(`${results.numPassedTests} passed, ${failed} failed`);
    });
  }
}
