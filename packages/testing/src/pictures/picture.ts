import { countText } from '../text/count-text.ts'
import { clean, cutMiddle } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { messageFacts, type MessageFacts } from '../spans/facts.ts'
import type { SpanGraph, SpanLink, SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { timeScale, type TimeScale } from './time-scale.ts'
import { treePlaces, type TreePlace } from './tree.ts'

/** How a span went: still open, failed (error status, or an outcome other than `acked`), or ok. */
export type RowState = 'ok' | 'failed' | 'open'

/** One span as every picture shows it. All texts are cleaned. */
export interface PictureRow {
  readonly place: TreePlace
  readonly state: RowState
  readonly name: string
  /** `attempt 2/3`, or an empty string. */
  readonly attempt: string
  readonly service: string
  /** ms since the epoch; an open span ends where the picture ends. */
  readonly start: number
  readonly end: number
  readonly duration: string
  /** ms that the message waited before the span; 0 when unknown. */
  readonly waited: number
  /** `waited 1.0 s`, `from orders after 3 attempts`. */
  readonly arrival: string
  /** `TimeoutError → requeued`, or an empty string. */
  readonly result: string
  /** `⤷ origin POST /orders`, one each. */
  readonly links: readonly string[]
}

/** One story, with a time scale of its own. */
export interface PictureBlock {
  /** The name of its first span. */
  readonly name: string
  /** `6 spans in 2 traces · 529 ms`, and what is said of clocks. */
  readonly facts: string
  readonly rows: readonly PictureRow[]
  readonly scale: TimeScale
}

/** What all pictures draw. */
export interface Picture {
  /** The stories, by start; one that the limit cuts off has no block. */
  readonly blocks: readonly PictureBlock[]
  /** The rows of all blocks. */
  readonly rows: readonly PictureRow[]
  /** Spans beyond the limit. */
  readonly hidden: number
  /** `9 spans in 2 traces · shop, billing, mailer`, with what is said of clocks. */
  readonly summary: string
  /** `clocks differ by 38 ms or more`, or an empty string. */
  readonly clocks: string
  readonly services: readonly string[]
}

// More of them are no summary.
const mostServices = 8

/** Lays spans out in rows: stories by start, in each its traces, in each its tree. */
export function picture({ nodes, journeys }: SpanGraph, limit: number): Picture {
  const moments = [...nodes.values()].flatMap(({ span }) => [span.startTime, span.endTime ?? span.startTime])
  const latest = moments.filter(Number.isFinite).reduce((one, other) => Math.max(one, other), -Infinity)
  const counted = countedAttempts(nodes.values())
  const blocks: PictureBlock[] = []
  let left = Math.max(0, limit)
  for (const { traces } of journeys) {
    const rows: PictureRow[] = []
    for (const place of treePlaces(traces.flatMap((trace) => trace.roots))) {
      if (rows.length >= left) break
      rows.push(pictureRow(place, latest, counted))
    }
    left -= rows.length
    if (rows.length > 0) blocks.push(pictureBlock(rows))
  }
  const rows = blocks.flatMap((block) => block.rows)
  const services = [...new Set(rows.map((row) => row.service))].filter(Boolean)
  const traceCount = journeys.reduce((sum, journey) => sum + journey.traces.length, 0)
  const clocks = clocksText(rows)
  return {
    blocks,
    rows,
    hidden: nodes.size - rows.length,
    summary: [sizeText(nodes.size, traceCount), clocks, servicesText(services)].filter(Boolean).join(' · '),
    clocks,
    services,
  }
}

function pictureBlock(rows: readonly PictureRow[]): PictureBlock {
  const scale = timeScale(rows)
  const end = rows.reduce((latest, row) => Math.max(latest, row.end), scale.start)
  const traces = new Set(rows.map(({ place }) => place.node.span.traceId))
  const facts = [sizeText(rows.length, traces.size), durationText(end - scale.start), clocksText(rows)]
  return { name: rows[0]?.name ?? '', facts: facts.filter(Boolean).join(' · '), rows, scale }
}

// ms. Processes of one host may differ a little.
const leastApart = 5

/** Whether a span begins before what it comes from: then the clocks of two hosts differ, by that much or more. */
function clocksText(rows: readonly PictureRow[]): string {
  let most = leastApart
  for (const { place } of rows) {
    const { span, parent, links } = place.node
    const moves = links.filter(({ link }) => link.role === 'creation' || link.role === 'previous_attempt')
    for (const cause of [parent, ...moves.map(({ target }) => target)]) {
      const early = cause === undefined ? 0 : cause.span.startTime - span.startTime
      if (early > most) most = early
    }
  }
  return most > leastApart ? `clocks differ by ${durationText(most)} or more` : ''
}

function servicesText(services: readonly string[]): string {
  const named = services.slice(0, mostServices).map((service) => cutMiddle(service, 40))
  const more = services.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}

function sizeText(spans: number, traces: number): string {
  return `${countText(spans, 'span')} in ${countText(traces, 'trace')}`
}

/** Tells of an attempt whether another one of the same message was recorded: then the first one is counted too. */
function countedAttempts(nodes: Iterable<SpanNode>): (node: SpanNode, facts: MessageFacts) => boolean {
  const before = new Set<SpanNode>()
  const retried = new Set<string | undefined>()
  for (const { span, links } of nodes) {
    const facts = messageFacts(span)
    if ((facts.attempt ?? 0) > 1) retried.add(wayOf(facts))
    for (const { link, target } of links) if (target && link.role === 'previous_attempt') before.add(target)
  }
  retried.delete(undefined)
  return (node, facts) => before.has(node) || retried.has(wayOf(facts))
}

/** A message on its way to one consumer, by what the span says. */
function wayOf(facts: MessageFacts): string | undefined {
  const { system, destinationName, partition, offset, messageId, consumerGroup } = facts
  const message = messageId ?? (offset === undefined ? undefined : `${partition}@${offset}`)
  return message === undefined ? undefined : [system, destinationName, message, consumerGroup].join('\n')
}

function pictureRow(place: TreePlace, latest: number, counted: ReturnType<typeof countedAttempts>): PictureRow {
  const { node } = place
  const { span } = node
  const facts = messageFacts(span)
  const state = stateOf(span, facts)
  const start = Number.isFinite(span.startTime) ? span.startTime : latest
  const end = Math.max(start, span.endTime ?? latest)
  return {
    place,
    state,
    name: clean(span.name).trim() || '(no name)',
    attempt: attemptText(facts, state, counted(node, facts)),
    service: clean(span.service).trim(),
    start,
    end: Number.isFinite(end) ? end : start,
    duration: span.endTime === undefined ? 'open' : durationText(span.endTime - start),
    waited: Math.max(0, facts.queueTime ?? 0) * 1000,
    arrival: arrivalText(node, facts),
    result: resultText(span, facts, state),
    links: linkTexts(node),
  }
}

function stateOf(span: RecordedSpan, facts: MessageFacts): RowState {
  const failed = span.status === 'error' || (facts.outcome !== undefined && facts.outcome !== 'acked')
  if (failed) return 'failed'
  return span.endTime === undefined ? 'open' : 'ok'
}

function attemptText({ attempt, maxAttempts }: MessageFacts, state: RowState, counted: boolean): string {
  if (attempt === undefined) return ''
  if (attempt <= 1 && !counted && (state !== 'failed' || maxAttempts === undefined)) return ''
  return `attempt ${attempt}${maxAttempts === undefined ? '' : `/${maxAttempts}`}`
}

function arrivalText(node: SpanNode, facts: MessageFacts): string {
  const parts: string[] = []
  if (facts.deliveryKind === 'redrive') parts.push('redriven')
  if (facts.deadLetterSource !== undefined) {
    const before = node.links.find(({ link, target }) => target && link.role === 'previous_attempt')?.target
    const attempts = before && messageFacts(before.span).attempt
    const after = attempts === undefined ? '' : ` after ${countText(attempts, 'attempt')}`
    parts.push(`from ${clean(facts.deadLetterSource)}${after}`)
  }
  if (facts.queueTime !== undefined) parts.push(`waited ${durationText(facts.queueTime * 1000)}`)
  return parts.join(', ')
}

function resultText(span: RecordedSpan, facts: MessageFacts, state: RowState): string {
  const outcome = facts.outcome !== 'acked' || facts.deadLetterSource !== undefined ? facts.outcome : undefined
  const error = state === 'failed' && span.status === 'error' ? (facts.errorType ?? span.statusMessage ?? 'error') : ''
  const cause = clean(error || (state === 'failed' ? (facts.errorType ?? '') : ''))
  return [cause === outcome ? '' : cause, outcome === undefined ? '' : `→ ${clean(outcome)}`].filter(Boolean).join(' ')
}

/** The type of the error, unless it only repeats the outcome: where nothing was thrown, core takes the outcome for it. */
export function errorText({ errorType, outcome }: MessageFacts): string | undefined {
  return errorType === outcome ? undefined : errorType
}

const roles: Readonly<Record<string, string>> = {
  previous_attempt: 'previous attempt',
  child_job: 'child job',
}

// A batch can link a hundred messages; a picture stays a picture.
const most = 8

/**
 * What a span's links say, one text per group of links that read the same. Left out is what the tree shows already:
 * a link to the parent, and a link to the attempt before under the same parent.
 */
function linkTexts(node: SpanNode): string[] {
  const { traceId, parentSpanId } = node.span
  const shown = node.links
    .filter((link) => !shownByTree(node, link))
    .map((link) => ({ role: linkRole(node, link), link }))
  if (node.parentMissing && parentSpanId) {
    shown.unshift({ role: 'parent', link: { link: { traceId, spanId: parentSpanId, attributes: {} } } })
  }
  const byTarget = [...grouped(shown, ({ link: { link } }) => spanKey(link)).values()]
  const named = byTarget.map((same) => {
    const said = new Set(same.map(({ role }) => role))
    return `${[...said].join(', ')} ${targetText(same[0]!.link)}`
  })
  const texts = [...grouped(named, (text) => text)].map(
    ([text, { length }]) => `⤷ ${text}${length > 1 ? ` ×${length}` : ''}`,
  )
  return texts.length <= most ? texts : [...texts.slice(0, most - 1), `⤷ … ${texts.length - most + 1} more`]
}

/** Whether the tree already says what the link says: it shows the parent, and that attempts follow each other. */
export function shownByTree(node: SpanNode, { link, target }: SpanLink): boolean {
  if (!target || !node.parent) return false
  return target === node.parent || (link.role === 'previous_attempt' && target.parent === node.parent)
}

/** Why a link is there, in words: `creation`, `previous attempt`, `last attempt` … */
export function linkRole(node: SpanNode, { link }: SpanLink): string {
  const role = link.role ?? 'link to'
  if (role === 'previous_attempt' && messageFacts(node.span).deliveryKind === 'dead_letter') return 'last attempt'
  return Object.hasOwn(roles, role) ? roles[role]! : clean(role)
}

function targetText({ link, target }: SpanLink): string {
  if (!target) return `(not recorded) ${clean(link.traceId).slice(0, 4)}…/${clean(link.spanId).slice(0, 4)}…`
  const { attempt } = messageFacts(target.span)
  const isAttempt = attempt !== undefined && (attempt > 1 || link.role === 'previous_attempt')
  return clean(target.span.name) + (isAttempt ? ` attempt ${attempt}` : '')
}
