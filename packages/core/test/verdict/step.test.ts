import { describe, expect, it } from 'vitest'
import type { AttemptFacts } from '../../src/verdict/attempt-count.ts'
import { putBack, type Lineage } from '../../src/wire/lineage.ts'
import { advance, type Step } from '../../src/verdict/step.ts'
import { spanContext } from '../sample.ts'

const creation = spanContext('c')
const previousAttempt = spanContext('a', 0)

describe('the lineage of the next copy', () => {
  const attempt: AttemptFacts = {
    attempt: 2,
    maxAttempts: 7,
    source: 'field',
    kind: 'delayed',
    redrives: 1,
    firstDelivery: true,
    previous: spanContext('b'),
  }
  const move = (kind: Step['kind'], delay?: number, deadLetter = false): Lineage =>
    advance(creation, {
      kind,
      deadLetter,
      delay,
      attempt,
      attemptContext: previousAttempt,
      firstSent: 1_000,
      maxAttempts: 5,
      relation: undefined,
    })

  it.each([
    ['an immediate retry', move('retry'), { attempt: 3, maxAttempts: 5, kind: 'immediate', redrives: 1 }],
    ['a retry with a delay of 0', move('retry', 0), { attempt: 3, maxAttempts: 5, kind: 'immediate', redrives: 1 }],
    ['a delayed retry', move('retry', 500), { attempt: 3, maxAttempts: 5, kind: 'delayed', delay: 500, redrives: 1 }],
    ['a dead letter', move('dead_letter'), { attempt: 1, kind: 'dead_letter', redrives: 1 }],
    ['a delayed dead letter', move('dead_letter', 500), { attempt: 1, kind: 'dead_letter', delay: 500, redrives: 1 }],
    ['a dead letter’s retry', move('retry', 0, true), { attempt: 3, maxAttempts: 5, kind: 'dead_letter', redrives: 1 }],
    ['a dead letter’s redrive', move('redrive', 0, true), { attempt: 1, kind: 'redrive', redrives: 2 }],
    ['a redrive', move('redrive'), { attempt: 1, kind: 'redrive', redrives: 2 }],
  ])('of %s', (_, lineage, expected) => {
    expect(lineage).toEqual({ creation, firstSent: 1_000, previousAttempt, ...expected })
  })

  it('keeps the wish of the producer', () => {
    const facts = { attemptContext: undefined, firstSent: undefined, maxAttempts: undefined }
    const step = { kind: 'retry', deadLetter: false, attempt, ...facts, relation: 'link' } as const
    expect(advance(creation, step).relation).toBe('link')
  })

  it('has no key for what nobody knows', () => {
    const facts = { attempt, attemptContext: undefined, firstSent: undefined, maxAttempts: undefined }
    const lineage = advance(creation, { kind: 'retry', deadLetter: false, relation: undefined, ...facts })
    expect(Object.keys(lineage).toSorted()).toEqual(['attempt', 'creation', 'kind', 'redrives'])
  })
})

it('a dead letter that was put back is as if it had been sent back, whatever was tried meanwhile', () => {
  const tried: Lineage = { creation, kind: 'dead_letter', attempt: 3, maxAttempts: 5, delay: 500, previousAttempt }
  expect(putBack(tried)).toEqual({ creation, kind: 'redrive', attempt: 1, redrives: 1, previousAttempt })
  expect(putBack({ ...tried, redrives: 1 }).redrives).toBe(2)
})
