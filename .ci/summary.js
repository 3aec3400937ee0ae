// Prints `N passed, N failed` over all suites and exits with 1 when something failed.
// Arguments: vitest's JSON report, exit codes of the tests, of the check, and of the script that calls this.
import { readFileSync } from 'node:fs'

const [file, ...codes] = process.argv.slice(2)
const [tests, check, script] = codes.map(Number)

const report = readReport()
const skipped = report.numPendingTests + report.numTodoTests
// A file that cannot be loaded has no tests to count, and is a failure all the same.
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
).length

let failed = report.numFailedTests + unloaded
if (tests !== 0 && failed === 0) failed += 1
if (check !== 0) failed += 1
if (script !== 0 && failed === 0) failed += 1

console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 ? 0 : 1

function readReport() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {
      numPassedTests: 0,
      numFailedTests: 1,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    }
  }
}
