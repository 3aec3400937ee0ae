import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, headerOf, only, operations } from '../expectations.ts'
import type { Elsewhere, Received } from '../fixture.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { expectAge, expectQueueTime } from '../times.ts'

/** What became of a message that failed three times, was given up, and was brought back. */
interface Story {
  readonly stage: Stage
  /** Of all processes. */
  readonly spans: readonly RecordedSpan[]
  /** The first producer's. */
  readonly send: RecordedSpan
  /** Attempts 1, 2 and 3, the one on the dead letter, and the one after the redrive. */
  readonly attempts: readonly RecordedSpan[]
  /** The sends that moved the message, in the same order: each is what the attempt before led to. */
  readonly moves: readonly RecordedSpan[]
  /** What was received, in the same order. */
  readonly hops: readonly Received[]
  readonly names: { readonly orders: string; readonly later: string; readonly dead: string }
}

type Retry = (stage: Stage, from: string, to: string) => Promise<Elsewhere>

/** The second attempt, made in another process. */
const elsewhere: Retry = (stage, destination, to) => stage.fixture.elsewhere({ act: 'retry', destination, to })

/** The second attempt, made here by somebody else's client. */
const here: Retry = async (stage, destination, to) => {
  const client = await stage.client()
  const calls = await stage.handle(client, destination, (message) =>
    stage.moves(client).retryLater(message, { to, error: new OrderError('no stock') }),
  )
  return { spans: [], received: await calls.ended(1) }
}

/** Plays the story: attempt 1 here, attempt 2 as told, attempt 3 here, the dead letter, and attempt 1 once more. */
async function play(stage: Stage, second: Retry): Promise<Story> {
  const client = await stage.client()
  const moves = stage.moves(client)
  const [orders, later, dead] = [await stage.destination(), await stage.destination(), await stage.destination()]
  const error = new OrderError('no stock')
  await stage.inSpan('request', () => stage.send(client, orders, 'order 1042'))
  const calls = await stage.handle(client, orders, (message, { number }) => {
    if (number === 1) return moves.retryLater(message, { to: later, error })
    return number === 2 ? moves.deadLetter(message, { to: dead, error }) : undefined
  })
  const others = await second(stage, later, orders)
  const letters = await stage.handle(client, dead, (message) => moves.redrive(message, { to: orders }))
  const handled = await calls.ended(3)
  const [letter] = await letters.ended(1)

  const spans = [...stage.recorder.spans, ...others.spans]
  const attempts = [
    handled[0]!.span,
    only(operations(spans, 'process', later)),
    handled[1]!.span,
    letter!.span,
    handled[2]!.span,
  ]
  const moved = attempts
    .slice(0, -1)
    .map((attempt) => only(spans.filter((span) => span.parentSpanId === attempt.spanId && span.kind !== 'consumer')))
  const send = operations(spans, 'send', orders).find(({ kind }) => kind === 'producer')
  const hops = [handled[0]!, only(others.received), handled[1]!, letter!, handled[2]!]
  return { stage, spans, send: send!, attempts, moves: moved, hops, names: { orders, later, dead } }
}

/** One trace as far as it is read as one; elsewhere, links. One link leads from the last span to the first producer. */
function expectConnected({ attempts, moves, send }: Story): void {
  const [first, second, third, letter] = attempts
  const failed = { parent: send, status: 'error' } as const
  const links = (before?: RecordedSpan) => ({ creation: [send], previous_attempt: before ? [before] : [], origin: [] })
  const attributes = { 'tracebaton.delivery.redrives': undefined, 'tracebaton.previous_attempt': undefined }
  assertSpans(attempts, [
    { ...failed, links: links(), attributes, attempt: 1, deliveryKind: 'first', outcome: 'retry_scheduled' },
    { ...failed, links: links(first), attributes, attempt: 2, deliveryKind: 'immediate', outcome: 'retry_scheduled' },
    { ...failed, links: links(second), attributes, attempt: 3, deliveryKind: 'immediate', outcome: 'dead_lettered' },
    {
      parent: 'none',
      status: 'unset',
      links: links(third),
      attributes,
      attempt: 1,
      deliveryKind: 'dead_letter',
      outcome: 'acked',
    },
    {
      parent: send,
      status: 'unset',
      links: links(letter),
      attributes: { ...attributes, 'tracebaton.delivery.redrives': 1 },
      attempt: 1,
      deliveryKind: 'redrive',
      outcome: 'acked',
    },
  ])
  assertSpans(
    moves,
    attempts.slice(0, -1).map((attempt) => ({ parent: attempt, kind: 'client', links: { creation: [send] } })),
  )
}

function expectOnTheWire({ hops, send, attempts, names }: Story): void {
  const numbers = [undefined, 2, 3, 1, 1]
  const firsts = new Set<string | undefined>()
  hops.forEach((hop, index) => {
    expect(contextOn(hop)).toMatchObject({ traceId: send.traceId, spanId: send.spanId })
    const fields = headerOf(hop, 'tracebaton')
    expect(fields.length).toBeLessThanOrEqual(1)
    if (index === 0) return
    const { traceId, spanId } = attempts[index - 1]!
    expect(fields).toEqual([expect.stringContaining(`;p=${traceId}-${spanId}-`)])
    expect(fields).toEqual([expect.stringContaining(`;a=${numbers[index]};`)])
    firsts.add(/;f=(\w+)/.exec(fields[0] ?? '')?.[1])
  })
  expect(firsts.size, 'times of the first send').toBe(1)
  const [, ...moved] = hops
  for (const hop of moved) {
    expect(headerOf(hop, 'tracebaton-original-destination')).toEqual([names.orders])
    expect(headerOf(hop, 'tracebaton-original-position')).toEqual(headerOf(moved[0]!, 'tracebaton-original-position'))
    expect(headerOf(hop, 'tracebaton-error-type')).toEqual(['OrderError'])
    expect(headerOf(hop, 'tracebaton-error-message')).toEqual(['no stock'])
  }
  expect(moved.map((hop) => headerOf(hop, 'tracebaton-attempts'))).toEqual([['1'], ['2'], ['3'], ['3']])
}

function expectTimes({ attempts, moves, send }: Story): void {
  attempts.forEach((attempt, index) => {
    expectAge(attempt, send)
    expectQueueTime(attempt, index === 0 ? send : moves[index - 1]!)
  })
}

function expectTold({ attempts, stage, names }: Story): void {
  assertSpan(attempts[3], {
    attributes: {
      'tracebaton.dead_letter.source': names.orders,
      'tracebaton.dead_letter.reason': 'OrderError',
      'tracebaton.creation.trace_id': attempts[0]!.traceId,
    },
  })
  assertSpan(operations(stage.recorder.spans, 'send', names.dead)[0], {
    attributes: { 'tracebaton.dead_letter.source': names.orders, 'tracebaton.dead_letter.reason': 'OrderError' },
  })
}

function story(name: string, needs: Scenario['needs'], second: Retry): Scenario {
  return {
    name,
    needs: ['moves', ...(needs ?? [])],
    async run(stage) {
      const played = await play(stage, second)
      expectConnected(played)
      expectOnTheWire(played)
      expectTimes(played)
      expectTold(played)
    },
  }
}

/** The whole way of one message. */
export const storyScenarios: readonly Scenario[] = [
  story('three attempts in two processes, a dead letter and a redrive are one story', ['separateProcesses'], elsewhere),
  story('three attempts by two clients, a dead letter and a redrive are one story', [], here),
]
