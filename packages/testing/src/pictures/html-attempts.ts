import { durationText } from '../text/duration.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { markup, middleCut, type Content } from './markup.ts'
import { mention, type Places } from './html-places.ts'
import { errorText, type Picture, type PictureRow } from './picture.ts'

const columns = ['Attempt', 'Of', 'Destination', 'Kind', 'Outcome', 'Error', 'Waited', 'Duration', 'Service', 'Message']

/** Every run of a handler in one table, by time; undefined when there is none. */
export function attemptTable(drawn: Picture, places: Places): Content {
  const rows = drawn.blocks
    .flatMap((block) => block.rows.toSorted((one, other) => one.start - other.start))
    .filter((row) => messageFacts(row.place.node.span).attempt !== undefined)
  if (rows.length === 0) return undefined
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Attempts"><table>
    <thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => attemptRow(row, places))}</tbody>
  </table></div>`
}

function attemptRow(row: PictureRow, places: Places): Content {
  const facts = messageFacts(row.place.node.span)
  const texts = [
    facts.destination,
    facts.deliveryKind,
    facts.outcome,
    errorText(facts),
    facts.queueTime === undefined ? '' : durationText(facts.queueTime * 1000),
    row.duration,
    row.service,
    messageIdentity(row.place.node.span)?.text,
  ]
  const number = facts.maxAttempts === undefined ? facts.attempt : `${facts.attempt} of ${facts.maxAttempts}`
  const cells = [number, mention(row.place.node, places), ...texts.map((text = '') => middleCut(text, 48))]
  return markup`<tr class="${row.state}">${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`
}
