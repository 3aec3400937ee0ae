import { expect as jestExpect } from 'expect'
import { expect, test } from 'vitest'
import { matchers as forJest } from '../../src/jest.ts'
import { matchers } from '../../src/vitest.ts'
import { at, attempt, link, messaging } from '../journey-story.ts'

expect.extend(matchers)
jestExpect.extend(forJest)

const send = messaging('s', 'send', 'orders', { attributes: at(42) })
const first = attempt('a', send, 1)
const second = attempt('b', send, 2, { before: first })
const sound = [send, first, second]
const batch = messaging('x', 'process', 'orders', { links: [link('creation', send)] })
const steps = ['send orders', 'process orders', 'process orders']

test('Vitest has the matchers', () => {
  expect(sound).toHaveJourney(steps)
  expect(sound).toBeConnected({ via: 'both' })
  expect(second).toMatchSpan({ parent: send, attempt: 2, attributes: { 'kafka.offset': expect.any(Number) } })
  expect(second).not.toMatchSpan({ attempt: 1 })
  expect([first, second]).toMatchSpans([{ attempt: 1 }, { attempt: 2 }])
  expect(batch).toLinkExactly([send])
  expect(sound).toHaveNoOrphans()
  expect(sound).toHaveNoDanglingLinks()
  expect(sound).toHaveAllSpansEnded()
  expect(sound).toHaveNoLeak()
  expect(sound).toFollowConventions()
  expect(sound).toShowNoSecrets({ secrets: ['hunter2'] })
  expect(sound).toBeSampledConsistently()
  expect(sound).toPropagate()
  expect([first]).not.toHaveNoOrphans()
})

// oxlint-disable-next-line vitest/expect-expect -- it has those of the other runner
test('Jest has the matchers', () => {
  jestExpect(sound).toHaveJourney(steps)
  jestExpect(sound).toBeConnected({ via: 'both' })
  jestExpect(second).toMatchSpan({ parent: send, attempt: 2, attributes: { 'kafka.offset': jestExpect.any(Number) } })
  jestExpect(second).not.toMatchSpan({ attempt: 1 })
  jestExpect([first, second]).toMatchSpans([{ attempt: 1 }, { attempt: 2 }])
  jestExpect(batch).toLinkExactly([send])
  jestExpect(sound).toPropagate()
  jestExpect([first]).not.toHaveNoOrphans()
})

test.each([
  ['Vitest', (): void => expect(sound).toHaveJourney(['send orders', 'process orders'])],
  ['Jest', (): void => jestExpect(sound).toHaveJourney(['send orders', 'process orders'])],
])('%s prints what is wrong, where, and the picture', (_, fail) => {
  expect(fail).toThrow(/The way goes on after its 2 steps.*kafka orders\/0@42.*● send orders/s)
})

test.each([
  ['Vitest', (): void => expect(second).toMatchSpan({ parent: first })],
  ['Jest', (): void => jestExpect(second).toMatchSpan({ parent: first })],
])('%s prints how a span differs', (_, fail) => {
  expect(fail).toThrow(/parent is .*, not process orders attempt 1 \(billing\).*kafka orders\/0@42.*● process orders/s)
})

test('what should have failed and did not says so', () => {
  expect(() => expect(sound).not.toPropagate()).toThrow('something was expected to be')
})

test('what is no source of spans is a mistake, not a failed expectation', () => {
  expect(() => expect(undefined).not.toPropagate()).toThrow(TypeError)
})
