import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { messageFacts } from '../spans/facts.ts'
import type { Finding } from '../rules/finding.ts'
import { spanGraph, type SpanNode } from '../spans/graph.ts'
import { errorText, picture, type Picture, type PictureRow } from '../pictures/picture.ts'
import { spanKey } from '../spans/span.ts'
import { axisMarks } from '../pictures/axis.ts'
import { timeScale, type TimeScale } from '../pictures/time-scale.ts'
import type { AttemptRow, Axis, FindingText, JourneyDetail, JourneySummary, LinkText } from './protocol.ts'
import { spanRow } from './span-row.ts'
import type { Stories } from './stories.ts'
import type { Story } from './story.ts'

const most = { rows: 200, findings: 50, batches: 20, text: 500 } as const

/** Everything that the page shows of one story. */
export function detailOf(
  story: Story,
  summary: JourneySummary,
  findings: readonly Finding[],
  stories: Stories,
): JourneyDetail {
  const drawn = picture(spanGraph([...story.spans.values()]), most.rows)
  const scale = timeScale(drawn.rows)
  const places = new Map<SpanNode, number>(drawn.rows.map((row, index) => [row.place.node, index]))
  const byKey = new Map(drawn.rows.map((row, index) => [spanKey(row.place.node.span), index]))
  const broken = new Set(findings.flatMap(({ spans: [culprit] }) => (culprit ? [spanKey(culprit)] : [])))
  return {
    summary,
    services: drawn.services,
    axis: axisOf(scale),
    rows: drawn.rows.map((row) => spanRow(row, drawn, { scale, rows: places, broken, stories })),
    hidden: drawn.hidden + story.more,
    clocks: drawn.clocks,
    findings: findings.slice(0, most.findings).map((finding) => findingText(finding, byKey)),
    attempts: drawn.rows.flatMap((row, index) => attemptRow(row, index) ?? []).toSorted(byTime(drawn)),
    batches: batchesOf(story, stories),
    partial: story.partial,
  }
}

function batchesOf(story: Story, stories: Stories): LinkText[] {
  const batches = new Set([...story.spans.values()].flatMap((span) => stories.batchOf(span) ?? []))
  return [...batches].slice(0, most.batches).flatMap(({ name, traceId }): LinkText[] => {
    const other = stories.of(traceId)
    return other ? [{ role: 'handled in', text: said(name), quiet: false, journey: other.id }] : []
  })
}

// The axis is never shown with less than 22 em of room; gaps have a pattern of their own.
function axisOf(scale: TimeScale): Axis {
  const marks = axisMarks(scale, 5, (text) => (text.length + 2) * 0.03).filter(({ gap }) => !gap)
  return { breaks: scale.breaks, ticks: marks.map(({ at, text }) => ({ at, text })) }
}

function findingText(finding: Finding, rows: ReadonlyMap<string, number>): FindingText {
  const [culprit] = finding.spans
  const row = culprit && rows.get(spanKey(culprit))
  return {
    rule: finding.rule,
    problem: said(finding.problem),
    message: said(finding.message),
    hop: said(finding.hop),
    side: said(finding.service === '' ? finding.side : `${finding.side}, ${finding.service}`),
    ...(row !== undefined && { row }),
  }
}

function attemptRow(row: PictureRow, index: number): AttemptRow | undefined {
  const facts = messageFacts(row.place.node.span)
  if (facts.attempt === undefined) return undefined
  return {
    row: index,
    number: facts.maxAttempts === undefined ? String(facts.attempt) : `${facts.attempt} of ${facts.maxAttempts}`,
    destination: said(facts.destination),
    kind: said(facts.deliveryKind?.replaceAll('_', ' ')),
    outcome: said(facts.outcome?.replaceAll('_', ' ')),
    error: said(errorText(facts)),
    waited: facts.queueTime === undefined ? '' : durationText(facts.queueTime * 1000),
    duration: row.duration,
    service: row.service,
    state: row.state,
  }
}

function said(text: string | undefined): string {
  return cut(clean(text ?? ''), most.text)
}

function byTime({ rows }: Picture): (one: AttemptRow, other: AttemptRow) => number {
  return (one, other) => (rows[one.row]?.start ?? 0) - (rows[other.row]?.start ?? 0)
}
