import { expect, test } from 'vitest'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { createStories } from '../../src/watch/stories.ts'
import { at, link, messaging } from '../journey-story.ts'
import { spanOf } from '../span-of.ts'
import { journeyOf, traceOf } from './journey-of.ts'

const limits = { stories: 100, spansOfStory: 50, spans: 1000, characters: 1_000_000 }

/** The names of the spans of each story, after the spans have come one by one. */
function told(spans: readonly RecordedSpan[], given = limits) {
  const stories = createStories(given)
  for (const span of spans) stories.add([span], 0)
  return {
    stories,
    names: [...stories.all()].map((story) => [...story.spans.values()].map(({ name }) => name).toSorted()),
  }
}

const send = messaging('s', 'send', 'orders', { traceId: traceOf(1), attributes: at(7) })
const dead = messaging('d', 'process', 'orders-dead', { traceId: traceOf(2), links: [link('creation', send)] })
const lost = messaging('l', 'process', 'orders', { traceId: traceOf(3), attributes: at(7), startTime: 20 })

test.each([
  ['a link leads to a trace that is there', [send, dead]],
  ['a link leads to a trace that comes later', [dead, send]],
  ['an attempt without a context names the message of a send', [send, lost]],
  ['a send names the message of an attempt without a context', [lost, send]],
])('two traces are one story when %s', (_, spans) => {
  expect(told(spans).names).toHaveLength(1)
})

test('a story keeps the place and the id of the one that began first', () => {
  const { stories } = told([dead, ...journeyOf(9), send])
  expect([...stories.all()].map(({ id }) => id)).toEqual([traceOf(2), traceOf(9)])
  expect(stories.of(traceOf(1))).toBe(stories.of(traceOf(2)))
  expect([...stories.gone]).toEqual([traceOf(1)])
})

test('a call for several messages joins no stories, and neither does a link to a batch', () => {
  const [one, two] = [journeyOf(1), journeyOf(2)]
  const links = [...one.slice(0, 1), ...two.slice(0, 1)].map((span) => link('creation', span))
  const receive = messaging('r', 'receive', 'orders', { traceId: traceOf(3), links })
  const batch = messaging('b', 'process', 'orders', {
    traceId: traceOf(4),
    links,
    attributes: { 'messaging.batch.message_count': 2 },
  })
  const inside = messaging('i', 'process', 'orders', { traceId: traceOf(5), links: [link('batch', batch)] })
  expect(told([...one, ...two, receive, batch, inside]).names).toHaveLength(5)
})

test('an id that a broker gives a second time joins nothing', () => {
  const again = messaging('t', 'send', 'orders', { traceId: traceOf(4), attributes: at(7), startTime: 100_000 })
  expect(told([lost, again]).names).toHaveLength(2)
})

test('a span that comes twice counts once', () => {
  expect(told([send, send]).names).toEqual([['send orders']])
})

test('the oldest stories make room, and their late spans bring them back no more', () => {
  const spans = Array.from({ length: 250 }, (_, number) => journeyOf(number + 1)).flat()
  const { stories, names } = told(spans)
  expect(names).toHaveLength(100)
  expect(stories.dropped).toBe(150)
  expect(stories.of(traceOf(150))).toBeUndefined()
  expect(stories.of(traceOf(151))).toBeDefined()
  stories.add([messaging('x', 'process', 'orders', { traceId: traceOf(150) })], 0)
  expect(stories.of(traceOf(150))).toBeUndefined()
})

test('spans and characters of all stories are bounded, too', () => {
  const spans = Array.from({ length: 60 }, (_, number) => journeyOf(number + 1)).flat()
  expect(told(spans, { ...limits, spans: 20 }).names).toHaveLength(10)
  expect(told(spans, { ...limits, characters: 10_000 }).names.length).toBeLessThan(20)
})

test('a story keeps a bounded number of spans, and counts the others', () => {
  const many = Array.from({ length: 80 }, (_, number) => spanOf({ name: 'step', spanId: String(number) }))
  const [story] = told(many).stories.all()
  expect([story?.spans.size, story?.more]).toEqual([50, 30])
})

test('stories that would be too large together stay apart', () => {
  const chain = Array.from({ length: 80 }, (_, number) =>
    messaging(`c${number}`, 'process', 'ticks', {
      traceId: traceOf(number + 1),
      links: number === 0 ? [] : [{ traceId: traceOf(number), spanId: `c${number - 1}`, attributes: {} }],
    }),
  )
  const { stories, names } = told(chain)
  expect(names.map(({ length }) => length)).toEqual([50, 30])
  expect([...stories.all()].map(({ partial }) => partial)).toEqual([true, true])
})

test('a story that leads to what was let go is known as a part', () => {
  const { stories } = told([send, ...Array.from({ length: 100 }, (_, number) => journeyOf(number + 10)).flat(), dead])
  expect(stories.of(traceOf(2))?.partial).toBe(true)
  expect(stories.of(traceOf(50))?.partial).toBe(false)
})

test('what a span says is cut, and what is short stays as it is', () => {
  const long = 'x'.repeat(100_000)
  const deep = JSON.parse('{"a":'.repeat(50) + '1' + '}'.repeat(50)) as object
  const attributes = { long, list: [long], deep, short: 'yes', number: 1, __proto__: 'no' }
  const events = Array.from({ length: 100 }, () => ({ name: long, time: 1, attributes: { long } }))
  const links = Array.from({ length: 500 }, (_, index) => ({
    traceId: traceOf(index),
    spanId: 'x',
    attributes: { long },
  }))
  const span = spanOf({ name: long, spanId: '1', attributes, events, links, statusMessage: long })
  const { stories } = told([span])
  const [story] = stories.all()
  const [kept] = story?.spans.values() ?? []
  expect(JSON.stringify(kept).length).toBeLessThan(250_000)
  expect(story?.size).toBeLessThan(250_000)
  expect(kept?.attributes).toMatchObject({ short: 'yes', number: 1, deep, 'tracebaton.links.total': 500 })
  expect(kept?.events).toHaveLength(16)
  expect(span.name).toHaveLength(100_000)
})
