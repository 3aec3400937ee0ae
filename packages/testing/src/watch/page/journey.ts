import type { AttemptRow, FindingText, JourneyDetail } from '../protocol.ts'
import { element } from './dom.ts'
import { linkLine } from './link-line.ts'
import { chips, clockText } from './row.ts'
import { waterfall } from './waterfall.ts'

/** One journey. @param open the rows whose facts are shown; it is kept up to date */
export function journeyView(detail: JourneyDetail, open: Set<number>): HTMLElement[] {
  const { summary, hidden, findings, attempts, partial } = detail
  return [
    backLink(),
    element('div', { class: 'lead' }, element('h2', {}, summary.title), ...chips(summary)),
    sub(detail),
    ...detail.batches.map((batch) => element('p', { class: 'sub' }, linkLine(batch, summary.id))),
    services(detail),
    ...findingList(findings, summary.id),
    ...(partial ? [note('A part of this journey is no longer kept, so that the rules cannot judge it.')] : []),
    element('h3', {}, 'What happened'),
    waterfall(detail, open),
    ...(hidden > 0 ? [note(`${hidden} more spans are not shown.`)] : []),
    ...(attempts.length > 0 ? [element('h3', {}, 'Attempts'), attemptTable(attempts, summary.id)] : []),
  ]
}

/** The way to the list, where that does not stand beside the journey. */
export function backLink(): HTMLElement {
  return element('a', { class: 'back', href: '#' }, '← All journeys')
}

function sub({ summary, partial, clocks }: JourneyDetail): HTMLElement {
  const { message, start, duration, spans, findings } = summary
  const waits = partial ? 'not judged' : 'not judged yet'
  const judged = findings === undefined ? waits : findings === 0 ? 'no finding' : ''
  const texts = [message, clockText(start), duration, `${spans} ${spans === 1 ? 'span' : 'spans'}`, judged, clocks]
  return element('p', { class: 'sub' }, ...texts.filter(Boolean).map((text) => element('span', {}, text)))
}

// The rows name theirs, too.
const mostServices = 12

function services({ services: names }: JourneyDetail): HTMLElement {
  const made = names
    .slice(0, mostServices)
    .map((name, index) =>
      element(
        'span',
        { class: `c${index % 6}`, title: name },
        element('span', { class: 'dot', 'aria-hidden': 'true' }),
        name,
      ),
    )
  const more = names.length - made.length
  return element('p', { class: 'services' }, ...made, more > 0 ? `and ${more} more` : '')
}

function note(text: string): HTMLElement {
  return element('p', { class: 'sub' }, text)
}

function findingList(findings: readonly FindingText[], id: string): HTMLElement[] {
  if (findings.length === 0) return []
  return [element('h3', {}, 'What is wrong'), ...findings.map((finding) => findingView(finding, id))]
}

function findingView({ rule, problem, message, hop, side, row }: FindingText, id: string): HTMLElement {
  const facts = Object.entries({ message, hop, side, rule }).flatMap(([name, value]) => [
    element('dt', {}, name),
    element('dd', {}, value),
  ])
  const place = row === undefined ? undefined : element('a', { href: `#${id}/${row}` }, 'Show the span')
  return element('article', { class: 'finding' }, element('p', {}, problem), element('dl', {}, ...facts), place)
}

const columns = ['Attempt', 'Destination', 'Kind', 'Outcome', 'Error', 'In the queue', 'Duration', 'Service']

function attemptTable(attempts: readonly AttemptRow[], id: string): HTMLElement {
  const head = columns.map((name) => element('th', { scope: 'col' }, name))
  const rows = attempts.map((attempt) => {
    const state = attempt.state === 'failed' ? 'failed' : undefined
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('a', { href: `#${id}/${attempt.row}` }, attempt.number)),
      element('td', {}, attempt.destination),
      element('td', {}, attempt.kind),
      element('td', { class: state }, attempt.outcome),
      element('td', { class: state }, attempt.error),
      element('td', {}, attempt.waited),
      element('td', {}, attempt.duration),
      element('td', {}, attempt.service),
    )
  })
  return element(
    'div',
    { class: 'wide card', tabindex: 0, role: 'region', 'aria-label': 'Attempts' },
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
  )
}
