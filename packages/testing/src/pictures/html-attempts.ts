import { durationText } from '../text/duration.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { element, middleCut } from './element.ts'
import { mention, type Places } from './html-places.ts'
import { errorText, type Picture, type PictureRow } from './picture.ts'

const columns = ['Attempt', 'Of', 'Destination', 'Kind', 'Outcome', 'Error', 'Waited', 'Duration', 'Service', 'Message']

/** Every run of a handler in one table, by time; an empty string when there is none. */
export function attemptTable(drawn: Picture, places: Places): string {
  const rows = drawn.blocks
    .flatMap((block) => block.rows.toSorted((one, other) => one.start - other.start))
    .filter((row) => messageFacts(row.place.node.span).attempt !== undefined)
  if (rows.length === 0) return ''
  return element(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Attempts' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...columns.map((column) => element('th', { scope: 'col' }, column)))),
      element('tbody', {}, ...rows.map((row) => attemptRow(row, places))),
    ),
  )
}

function attemptRow(row: PictureRow, places: Places): string {
  const facts = messageFacts(row.place.node.span)
  const cells = [
    facts.maxAttempts === undefined ? String(facts.attempt) : `${facts.attempt} of ${facts.maxAttempts}`,
    '',
    facts.destination,
    facts.deliveryKind,
    facts.outcome,
    errorText(facts),
    facts.queueTime === undefined ? '' : durationText(facts.queueTime * 1000),
    row.duration,
    row.service,
    messageIdentity(row.place.node.span)?.text,
  ].map((text) => middleCut(text ?? '', 48))
  cells[1] = mention(row.place.node, places)
  return element('tr', { class: row.state }, ...cells.map((cell) => element('td', {}, cell)))
}
