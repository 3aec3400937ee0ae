import { markdownTable } from './markdown-table.js'

const BEGIN = '<!-- journeys: begin -->'
const END = '<!-- journeys: end -->'

/** What the columns of a run are called. */
const SETUPS = { before: 'usual', after: 'as above' }

/** The page with another table between its two comments. Throws where it does not have them. */
export function withTable(page, text) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`The page needs "${BEGIN}" and "${END}"`)
  return `${page.slice(0, begin)}${BEGIN}\n\n${text}\n\n${page.slice(end)}`
}

/** One row for each relation and set-up. Each cell: whole / in part / not at all. */
export function samplingTable({ orders, runs }) {
  const head = ['relation', 'set-up', 'failed or waited', 'the way to that', 'failed once', 'good']
  const rows = runs.map(({ relation, setup, figures }) => [
    `\`${relation}\``,
    SETUPS[setup],
    ...[figures.failed, figures.failedPath, figures.retried, figures.good].map(
      ({ whole, part, none }) => `${whole} / ${part} / ${none}`,
    ),
  ])
  return `${orders} orders with a known end for each row, through a real Collector: kept whole / in part / not at all.\n\n${markdownTable(head, rows)}`
}
