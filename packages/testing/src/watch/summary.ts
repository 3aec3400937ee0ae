import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import type { Finding } from '../rules/finding.ts'
import { spanGraph } from '../spans/graph.ts'
import { journeysOf, type MessageAttempt, type MessageJourney } from '../journeys/journey.ts'
import { picture, type Picture } from '../pictures/picture.ts'
import { timeScale } from '../pictures/time-scale.ts'
import { journeyState } from './journey-state.ts'
import type { JourneySummary, SmallBar } from './protocol.ts'
import type { Stories } from './stories.ts'
import type { Story } from './story.ts'

const most = { bars: 40, services: 8, text: 4000, value: 64 } as const

/**
 * What the list says of a story.
 *
 * @param findings what the rules found; undefined when they have not judged it
 */
export function summaryOf(
  story: Story,
  findings: readonly Finding[] | undefined,
  version: number,
  batchOf: Stories['batchOf'],
): JourneySummary {
  const graph = spanGraph([...story.spans.values()])
  const drawn = picture(graph, 200)
  const messages = journeysOf(graph)
  // Who handles a dead letter does not try again.
  const attempts = messages.flatMap((message) =>
    message.attempts.filter(({ facts }) => facts.deliveryKind !== 'dead_letter'),
  )
  const state = journeyState(messages, graph, batchOf)
  const rows = drawn.rows.toSorted((one, other) => one.start - other.start)
  const start = rows[0]?.start ?? 0
  const end = Math.max(start, ...rows.map((row) => row.end))
  const waited = Math.max(0, ...attempts.map(({ facts }) => facts.queueTime ?? 0))
  const message = messageText(messages)
  const problem = cut(clean(findings?.[0]?.problem ?? ''), 300)
  return {
    id: story.id,
    order: story.number,
    version,
    title: cut(drawn.rows[0]?.name ?? '', 120),
    message,
    state,
    start,
    duration: durationText(end - start),
    spans: story.spans.size + story.more,
    services: drawn.services.slice(0, most.services),
    attempts: attempts.length,
    waited: waited > 0 ? durationText(waited * 1000) : '',
    result: cut(resultOf(drawn, attempts), 120),
    findings: findings?.length,
    problem,
    bars: bars(drawn),
    text: searchText(story, drawn, [message, state, problem]),
  }
}

/** What became of the last attempt, or of the request. */
function resultOf({ rows }: Picture, attempts: readonly MessageAttempt[]): string {
  const last = attempts.at(-1)?.node.span ?? rows[0]?.place.node.span
  return rows.find(({ place }) => place.node.span === last)?.result ?? ''
}

function messageText(messages: readonly MessageJourney[]): string {
  const names = [...new Set(messages.map(({ message }) => clean(message)))]
  const more = names.length > 1 ? ` and ${names.length - 1} more` : ''
  return cut(names[0] ?? '', 120) + more
}

function bars({ rows, services }: Picture): SmallBar[] {
  const scale = timeScale(rows)
  const place = (moment: number): number => Math.round(scale.position(moment) * 1000)
  // Of many rows some from all over the picture.
  const step = Math.ceil(rows.length / most.bars)
  return rows
    .filter((_, index) => index % step === 0)
    .map((row) => [place(row.start), place(row.end), row.state, services.indexOf(row.service)])
}

/** Everything that somebody may look for: names, ids, and short values of attributes. */
function searchText(story: Story, { rows }: Picture, more: readonly string[]): string {
  const texts = new Set(more)
  for (const id of story.traces) texts.add(id)
  for (const { name, service, result } of rows) for (const text of [name, service, result]) texts.add(text)
  for (const { attributes } of story.spans.values()) {
    for (const value of Object.values(attributes)) {
      const text = typeof value === 'number' ? String(value) : value
      if (typeof text === 'string' && text.length <= most.value) texts.add(clean(text))
    }
  }
  return [...texts].join('\n').slice(0, most.text).toLowerCase()
}
