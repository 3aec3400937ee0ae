import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, link, messaging } from '../journey-story.ts'
import { spanOf } from '../span-of.ts'
import { notEnded } from '../story.ts'
import { countSteps, type StepCounter } from '../steps-taken.ts'

const id = (letter: string, number: number) => `${letter}${number.toString(16).padStart(15, '0')}`
const each = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
const trace = (number: number) => ({ traceId: number.toString(16).padStart(32, 'f') })
const below = ({ traceId, spanId }: RecordedSpan) => ({ traceId, parentSpanId: spanId })

const send = messaging('5'.repeat(16), 'send', 'orders', { attributes: at(7) })
const chain = (count: number, top: RecordedSpan = send): RecordedSpan[] => {
  const spans = [top]
  for (let n = 0; n < count; n += 1) {
    spans.push(spanOf({ name: 'step', spanId: id('c', n), ...below(spans[n]!), attributes: { order: n } }))
  }
  return spans
}
const attemptAt = (n: number, offset: number, place: Parameters<typeof messaging>[3] = {}) =>
  messaging(id('a', n), 'process', 'orders', {
    startTime: 10 + n,
    ...place,
    attributes: { ...at(offset), 'tracebaton.delivery.attempt': n + 1, ...place.attributes },
  })
const batchOf = (count: number, links: readonly RecordedSpan[], place: Parameters<typeof messaging>[3] = {}) =>
  messaging('b'.repeat(16), 'receive', 'orders', {
    ...trace(0),
    ...place,
    attributes: { 'messaging.batch.message_count': count, 'messaging.destination.partition.id': '0' },
    links: links.map((span, n) => ({ ...link('creation', span), attributes: { 'kafka.offset': n } })),
  })
const sends = (count: number) => each(count, (n) => messaging(id('5', n), 'send', 'orders', trace(n)))
const moveOf = (n: number, place: Parameters<typeof messaging>[3]) =>
  messaging(id('d', n), 'send', 'orders', { kind: 'client', links: [link('creation', send)], ...place })

type Shape = (count: number) => readonly RecordedSpan[]
const shapes: Record<string, Shape> = {
  'one message, many attempts that send it on': (count) => {
    const attempts = each(count, (n) => attemptAt(n, 7, { ...below(send), links: [link('creation', send)] }))
    const moves = attempts.map((one, n) => moveOf(n, { ...below(one), startTime: 10 + n }))
    return [send, ...attempts, ...moves]
  },
  'many moves below a long chain of spans': (count) => {
    const spans = chain(count)
    return [...spans, ...each(count, (n) => moveOf(n, { ...below(spans.at(-1)!), startTime: 5 }))]
  },
  'many messages handled below a long chain of spans': (count) => {
    const spans = chain(count)
    return [...spans, ...each(count, (n) => attemptAt(n, n, below(spans.at(-1)!)))]
  },
  'many messages handled below a long chain of batches': (count) => {
    const top = spanOf({ name: 'top', spanId: '1'.repeat(16), ...trace(0) })
    const batches = chain(count, top).map((span) =>
      messaging(span.spanId, 'process', 'orders', { ...span, attributes: { 'messaging.batch.message_count': 2 } }),
    )
    return [...batches, ...each(count, (n) => attemptAt(n, n, below(batches.at(-1)!)))]
  },
  'spans that have not ended, one below the other': (count) => chain(count).map(notEnded),
  'many sends and attempts of one identity': (count) => [
    ...each(count, (n) => messaging(id('5', n), 'send', 'orders', { ...trace(n), attributes: at(7) })),
    ...each(count, (n) => attemptAt(n, 7, trace(n + count))),
    ...each(count, (n) => ({ ...attemptAt(n, 7, trace(n)), spanId: id('e', n), parentSpanId: id('5', n) })),
  ],
  'attempts of one message that lead nowhere': (count) => [send, ...each(count, (n) => attemptAt(n, 7, trace(n)))],
  'a batch that links each send': (count) => [...sends(count), batchOf(count, sends(count))],
  'messages of a batch below their reception': (count) => {
    const batch = batchOf(count, sends(count))
    return [...sends(count), batch, ...each(count, (n) => attemptAt(n, n, below(batch)))]
  },
  'every context lost': (count) => [
    ...sends(count),
    ...each(count, (n) => messaging(id('a', n), 'process', 'orders', { ...trace(n + count), startTime: 10 })),
  ],
  'one context on many messages': (count) => [
    send,
    ...each(count, (n) => attemptAt(0, n, { ...trace(n), links: [link('creation', send)] })),
  ],
  'a circle of parents': (count) => {
    const spans = chain(count)
    return [{ ...send, parentSpanId: spans.at(-1)!.spanId }, ...spans.slice(1)]
  },
}

const options = { messageAttribute: 'order', privateBaggage: ['customer'] }
let steps: StepCounter
let kit: typeof import('../../src/index.ts')
beforeAll(async () => {
  steps = await countSteps()
  kit = await import('../../src/index.ts')
})
afterAll(() => steps[Symbol.asyncDispose]())

/** How many times the steps four times the spans take. */
async function growth(act: (spans: readonly RecordedSpan[]) => void, shape: Shape): Promise<number> {
  const [some, more] = [shape(100), shape(400)]
  const few = await steps.taken(() => act(some))
  return (await steps.taken(() => act(more))) / few
}

const assertAll = (spans: readonly RecordedSpan[]) => {
  attempted(() => kit.assertJourney(spans, ['send orders', 'process orders']))
  attempted(() => kit.assertBatchLinks(spans.at(-1)!, spans))
}

const attempted = (act: () => unknown) => {
  try {
    act()
  } catch {
    // What is found is not what is asked here.
  }
}

// Four times, and a little more where spans are put in order or where V8 loses counts of the smaller run, as it does under
// load: 4.35 was seen. Steps that grow with the square are 16 times as many.
const linear = 5

test.each(Object.entries(shapes))('rules take steps in proportion to the spans: %s', async (_, shape) => {
  expect(await growth((spans) => void kit.findingsIn(spans, options), shape)).toBeLessThan(linear)
})

test.each(Object.entries(shapes))('assertions take steps in proportion to the spans: %s', async (_, shape) => {
  expect(await growth(assertAll, shape)).toBeLessThan(linear)
})
