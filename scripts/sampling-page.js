// Writes the table of docs/sampling.md from the stored figures; with --check says whether the table belongs to them.
// TRACEBATON_SAMPLING=write npm run test:backends measures them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { samplingTable, withTable } from './sampling-table.js'

const PAGE = 'docs/sampling.md'
const FIGURES = 'integration-tests/backends/sampling.json'

const page = readFileSync(PAGE, 'utf8')
const written = withTable(page, samplingTable(JSON.parse(readFileSync(FIGURES, 'utf8'))))
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, written)
} else if (page !== written) {
  console.error(`The table of ${PAGE} is not that of ${FIGURES}: node scripts/sampling-page.js`)
  process.exitCode = 1
}
