import { expect, test } from 'vitest'
import { spanGraph } from '../../src/spans/graph.ts'
import { spanKey, type RecordedSpan } from '../../src/spans/span.ts'
import { spanOf } from '../span-of.ts'
import { later, linkTo, named, notEnded, story, unlinked } from '../story.ts'

const names = (spans: readonly RecordedSpan[]): string[] => spans.map((span) => span.name)
const [send, deadLetter] = [named('send orders'), named('process orders-dead')]

test('a story over two traces is one journey, in any order of the spans', () => {
  const { journeys } = spanGraph(story.toReversed())
  expect(journeys).toHaveLength(1)
  expect(journeys[0]?.traces.map((trace) => trace.roots.map((root) => root.span.name))).toEqual([
    ['POST /orders'],
    ['process orders-dead'],
  ])
  const attempts = journeys[0]?.traces[0]?.roots[0]?.children[0]?.children
  expect(attempts?.map((node) => node.span.attributes['tracebaton.delivery.attempt'])).toEqual([1, 2, 3])
})

test('a trace without links is a journey of its own', () => {
  const spans = story.map((span) => (span === deadLetter ? unlinked(span) : span))
  expect(spanGraph(spans).journeys).toHaveLength(2)
})

test('a lost send leaves pieces of one trace', () => {
  const { journeys, nodes } = spanGraph(story.filter((span) => span !== send).map(unlinked))
  const torn = [...nodes.values()].filter(({ parentMissing }) => parentMissing)
  expect(names(torn.map(({ span }) => span))).toEqual(['process orders', 'process orders', 'process orders'])
  expect(journeys[0]?.traces[0]?.roots).toHaveLength(4)
})

test('a link to a span that was not recorded dangles and connects nothing', () => {
  const lost = spanOf({
    name: 'lost',
    spanId: 'f'.repeat(16),
    traceId: 'f'.repeat(32),
    links: [linkTo('creation', 'no')],
  })
  const { journeys, nodes } = spanGraph([...story, lost])
  expect(nodes.get(spanKey(lost))?.links).toEqual([{ link: lost.links[0] }])
  expect(journeys).toHaveLength(2)
})

test('the same span id in another trace is another span', () => {
  const foreign = spanOf({
    name: 'foreign',
    spanId: 'f'.repeat(16),
    traceId: 'f'.repeat(32),
    parentSpanId: send.spanId,
  })
  expect(spanGraph([...story, foreign]).nodes.get(spanKey(foreign))).toMatchObject({ parentMissing: true })
})

test('a span given open and ended counts once, as ended', () => {
  const open = notEnded(send)
  for (const spans of [
    [open, send],
    [send, open],
  ]) {
    const nodes = [...spanGraph(spans).nodes.values()]
    expect(nodes.map((node) => node.span)).toEqual([send])
  }
})

test('a circle of parents is cut once and keeps all its spans', () => {
  const circle = ['1', '2', '3'].map((id, index) =>
    spanOf({ name: id, spanId: id, parentSpanId: String(((index + 1) % 3) + 1), startTime: index }),
  )
  const below = spanOf({ name: 'below', spanId: '4', parentSpanId: '2', startTime: -1 })
  const self = spanOf({ name: 'self', spanId: '5', parentSpanId: '5' })
  const { journeys, nodes } = spanGraph([...circle, below, self])
  expect(nodes.size).toBe(5)
  const roots = journeys.flatMap((journey) => journey.traces.flatMap((trace) => trace.roots))
  const walked: string[] = []
  for (let todo = roots; todo.length > 0; todo = todo.flatMap((node) => node.children))
    walked.push(...names(todo.map((node) => node.span)))
  expect(walked.toSorted()).toEqual(['1', '2', '3', 'below', 'self'])
})

test('a child whose clock runs ahead of its parent stays its child', () => {
  const early = story.map((span) => (span.service === 'billing' ? later(span, -60_000) : span))
  expect(spanGraph(early).journeys[0]?.traces[0]?.roots.map((root) => root.span.name)).toEqual(['POST /orders'])
})

test('a chain of ten thousand spans is no problem', () => {
  const chain = Array.from({ length: 10_000 }, (_, index) =>
    spanOf({
      name: 'x',
      spanId: String(index),
      startTime: -index,
      ...(index > 0 ? { parentSpanId: String(index - 1) } : {}),
    }),
  )
  expect(spanGraph(chain).journeys).toMatchObject([{ traces: [{ roots: [{ span: { spanId: '0' } }] }] }])
})
