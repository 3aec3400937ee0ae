import { describe, expect, it } from 'vitest'
import type { Lineage } from '../../src/wire/history.ts'
import { type AttemptFacts, advance, type Step } from '../../src/verdict/attempt-count.ts'
import { formatLineage } from '../../src/wire/lineage.ts'
import { movedField } from '../field.ts'
import { spanContext } from '../sample.ts'

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
    previousFailure: undefined,
    overtakes: undefined,
  }
  const move = (kind: Step['kind'], delay?: number, deadLetter = false): Lineage =>
    advance({
      kind,
      deadLetter,
      delay,
      attempt,
      attemptContext: previousAttempt,
      firstSent: 1_000,
      maxAttempts: 5,
      deaths: undefined,
      journey: undefined,
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
    expect(lineage).toEqual({ firstSent: 1_000, previousAttempt, ...expected })
  })

  it('keeps the wish of the producer', () => {
    const facts = {
      attemptContext: undefined,
      firstSent: undefined,
      maxAttempts: undefined,
      deaths: undefined,
      journey: undefined,
    }
    const step = { kind: 'retry', deadLetter: false, attempt, ...facts, relation: 'link' } as const
    expect(advance(step).relation).toBe('link')
  })

  it('writes no key for what nobody knows', () => {
    const facts = {
      attempt,
      attemptContext: undefined,
      firstSent: undefined,
      maxAttempts: undefined,
      deaths: undefined,
      journey: undefined,
    }
    const lineage = advance({ kind: 'retry', deadLetter: false, relation: undefined, ...facts })
    expect(formatLineage(lineage, spanContext('c'))).toBe(
      movedField(spanContext('c'), { attempt: 3, kind: 'immediate', redrives: 1 }),
    )
  })
})
