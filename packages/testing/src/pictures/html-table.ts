import { element, escaped, middleCut, textIn } from './element.ts'
import { linkMention, mention, type Places } from './html-places.ts'
import type { Picture, PictureBlock, PictureRow } from './picture.ts'
import { axisMarks } from './axis.ts'
import type { TimeScale } from './time-scale.ts'

const states = { ok: ['●', 'ok'], failed: ['✗', 'failed'], open: ['◌', 'still open'] } as const

const mostName = 64
const mostService = 32
const mostSaid = 120

// A batch can link a hundred messages; all of them stand with the span's details.
const most = 8

/** The waterfalls as tables, one for each story: a row per span, its links leading to other rows. */
export function pictureTables(drawn: Picture, places: Places): string {
  const many = drawn.blocks.length > 1
  return drawn.blocks
    .map((block, index) => {
      const id = many ? `story-${index}` : 'picture-heading'
      const heading = many ? storyHeading(block, id) : ''
      return element('div', { class: 'story' }, heading, storyTable(block, id, drawn, places))
    })
    .join('\n')
}

function storyHeading({ name, facts }: PictureBlock, id: string): string {
  return element('h3', { id }, middleCut(name, mostName), ' ', textIn('small', facts))
}

function storyTable(block: PictureBlock, heading: string, drawn: Picture, places: Places): string {
  const { scale, rows } = block
  const columns = ['Span', 'Service', element('div', { class: 'track' }, ...axis(scale)), 'Duration', 'What happened']
  const head = columns.map((text, index) => element('th', { scope: 'col', class: classes[index] }, text))
  // However deep the tree is, names keep their room.
  const depth = rows.reduce((deepest, { place }) => Math.max(deepest, place.guides.length), 1)
  return element(
    'table',
    { class: 'picture', 'aria-labelledby': heading, style: `--step: ${Math.min(1.1, 5 / depth).toFixed(3)}rem` },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows.map((row) => rowMarkup(row, scale, drawn, places))),
  )
}

const classes = ['name', 'service', 'time', 'number', 'happened'] as const

function rowMarkup(row: PictureRow, scale: TimeScale, drawn: Picture, places: Places): string {
  const { node, guides } = row.place
  const place = places.of(node)
  const [sign, meaning] = states[row.state]
  const level = element('span', { class: 'hidden' }, `${meaning}, level ${guides.length + 1}: `)
  const color = `--color: var(--s${Math.max(0, drawn.services.indexOf(row.service)) % 6})`
  return element(
    'tr',
    { id: place?.row, class: row.state, style: color },
    element(
      'th',
      { scope: 'row', class: `name ${row.state}`, style: `--depth: ${guides.length}` },
      element('span', { class: 'mark', 'aria-hidden': 'true' }, sign),
      level,
      element('a', { href: `#${place?.details}` }, middleCut(row.name, mostName)),
      row.attempt && ` ${textIn('small', row.attempt)}`,
    ),
    element(
      'td',
      { class: 'service' },
      row.service && element('span', { class: 'dot' }) + middleCut(row.service, mostService),
    ),
    element('td', { class: 'time', 'aria-hidden': 'true' }, element('div', { class: 'track' }, ...bar(row, scale))),
    element('td', { class: 'number' }, escaped(row.duration)),
    element('td', { class: 'happened' }, happened(row, places)),
  )
}

function happened(row: PictureRow, places: Places): string {
  const look = row.state === 'failed' ? 'result' : undefined
  const { node } = row.place
  const links = node.links.filter((link) => link.target !== node.parent || node.parent === undefined)
  const result = row.result && element('span', { class: look }, middleCut(row.result, mostSaid))
  const parts = [
    [middleCut(row.arrival, mostSaid), result].filter(Boolean).join(' · '),
    node.parentMissing ? `parent ${element('code', {}, escaped(node.span.parentSpanId ?? ''))} (not recorded)` : '',
    ...links.slice(0, most).map((link) => `⤷ ${linkMention(node, link, places)}`),
    links.length > most ? `… ${links.length - most} more links` : '',
    ...backwards(row, places),
  ]
  return parts.filter(Boolean).join('<br>')
}

/** From a send to what links it in another trace: the way forward that most backends do not have. */
function backwards({ place: { node } }: PictureRow, places: Places): string[] {
  const elsewhere = places.linkedFrom(node).filter((from) => from.span.traceId !== node.span.traceId)
  const shown = elsewhere.slice(0, most).map((from) => `⤶ linked from ${mention(from, places)}`)
  return elsewhere.length > most ? [...shown, `⤶ … ${elsewhere.length - most} more`] : shown
}

function bar(row: PictureRow, scale: TimeScale): string[] {
  const start = scale.position(row.start)
  const waitStart = scale.position(row.start - row.waited)
  return [
    row.waited > 0 && start - waitStart > 0.002 ? piece('wait', waitStart, start) : '',
    piece(row.duration === 'open' ? 'bar open-bar' : 'bar', start, scale.position(row.end)),
  ]
}

function piece(className: string, from: number, to: number): string {
  return element('span', {
    class: className,
    style: `left: ${percent(Math.min(from, 0.995))}; width: ${percent(to - from)}`,
  })
}

// The narrowest column of times has room for 32 letters.
function axis(scale: TimeScale): string[] {
  return axisMarks(scale, 5, (text) => (text.length + 1) / 32).map(({ at, text, gap }) =>
    element('span', { style: `left: ${percent(at)}`, title: gap ? 'time left out' : undefined }, escaped(text)),
  )
}

function percent(part: number): string {
  return `${(Math.max(0, Math.min(1, part)) * 100).toFixed(2)}%`
}
