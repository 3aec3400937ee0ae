import { beforeAll, expect, test } from 'vitest'
import { rememberAttempt, REMEMBERED_ATTEMPTS } from '../../src/memory/attempts.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { OURS } from '../../src/base/names.ts'
import { CREATION, delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

/** A message that its broker counts. */
const arrival = (deliveries: number): Delivery =>
  delivery({ identity: 'forgotten', count: { deliveries, exact: true } })

test('an attempt that was forgotten is unknown to the next one, and no other stands in for it', () => {
  const traced = createTraced()
  traced.tracing.process(arrival(1), () => {})
  for (let other = 0; other < 2 * REMEMBERED_ATTEMPTS; other++) {
    rememberAttempt(`other ${other}`, { attempt: 1, redrives: 0, context: CREATION })
  }
  traced.tracing.process(arrival(2), () => {})
  const span = traced.spans.find(({ attributes }) => attributes[OURS.attempt] === 2)
  expect(span?.attributes[OURS.previousAttempt]).toBe('unknown')
  expect(span?.attributes[OURS.attemptSource]).toBe('broker')
  expect(span?.links.map(({ attributes }) => attributes?.[OURS.linkRole])).toEqual(['creation'])
})
