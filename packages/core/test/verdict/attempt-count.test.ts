import { describe, expect, it } from 'vitest'
import type { Lineage } from '../../src/wire/history.ts'
import { countAttempt, type AttemptFacts, type Counted } from '../../src/verdict/attempt-count.ts'
import type { PastAttempt } from '../../src/verdict/delivery.ts'
import { spanContext } from '../sample.ts'

const creation = spanContext('c')
const before = spanContext('a')
const here = spanContext('b')
const elsewhere = spanContext('e')

/** A retry copy made for the third attempt. */
const third: Lineage = { creation, attempt: 3, maxAttempts: 5, kind: 'delayed', previousAttempt: before }
const deadLetter: Lineage = { creation, attempt: 1, kind: 'dead_letter', previousAttempt: before }
const redriven: Lineage = { creation, attempt: 1, kind: 'redrive', redrives: 1, previousAttempt: before }
/** Written on the first send: times, no attempt. */
const timed: Lineage = { creation, firstSent: 1_000, sent: 1_000 }

const exactly = (deliveries: number) => ({ deliveries, exact: true })
const atLeast = (deliveries: number) => ({ deliveries, exact: false })
const past = (attempt: number, redrives = 0) => ({ attempt, redrives, context: here })

interface Sources extends Counted {
  readonly past: PastAttempt
  readonly pastElsewhere: PastAttempt
  readonly maxAttempts: number
  readonly handedOut: boolean
}

type Row = readonly [
  name: string,
  sources: Partial<Sources>,
  expected: readonly [
    attempt: number,
    source: AttemptFacts['source'],
    kind: AttemptFacts['kind'],
    previous?: AttemptFacts['previous'],
  ],
]

const rows: readonly Row[] = [
  ['nothing is known', {}, [1, 'assumed', 'first']],
  ['the message tells times only', { lineage: timed }, [1, 'assumed', 'first']],
  ['the broker tells what the copy is', { kind: 'immediate' }, [1, 'assumed', 'immediate']],

  ['the broker counts, first delivery', { count: exactly(1) }, [1, 'broker', 'first']],
  ['the broker counts, in another process before', { count: exactly(3) }, [3, 'broker', 'redelivery']],
  [
    'the broker counts, and this process remembers',
    { count: exactly(3), past: past(2) },
    [3, 'broker', 'redelivery', here],
  ],
  ['the broker counts, and this process missed one', { count: exactly(4), past: past(2) }, [4, 'broker', 'redelivery']],
  ['the broker counts fewer than this process', { count: exactly(2), past: past(2) }, [2, 'broker', 'redelivery']],
  ['the broker counts 1, whatever is remembered', { count: exactly(1), past: past(1) }, [1, 'broker', 'first']],

  ['at least one delivery', { count: atLeast(1) }, [1, 'assumed', 'first']],
  [
    'at least one delivery, of a dead letter that somebody had before',
    { count: atLeast(1), lineage: deadLetter, kind: 'dead_letter', handedOut: true },
    [1, 'field', 'dead_letter'],
  ],
  [
    'at least one delivery, of a retry copy that somebody had before',
    { count: atLeast(1), lineage: third, handedOut: true },
    [3, 'field', 'delayed'],
  ],
  ['at least two deliveries', { count: atLeast(2) }, [2, 'broker', 'redelivery']],
  ['at least two, remembered', { count: atLeast(2), past: past(1) }, [2, 'memory', 'redelivery', here]],
  ['at least two, remembered more often', { count: atLeast(2), past: past(4) }, [5, 'memory', 'redelivery', here]],
  ['at least four, remembered less often', { count: atLeast(4), past: past(1) }, [4, 'broker', 'redelivery']],

  [
    'a retry copy that its broker counts 1, whatever is remembered',
    { lineage: third, count: exactly(1), past: past(3) },
    [3, 'field', 'delayed', before],
  ],
  ['the broker brought it back once', { deaths: 1, kind: 'delayed' }, [2, 'broker', 'delayed']],
  [
    'the broker brought it back, remembered from before',
    { deaths: 1, kind: 'delayed', pastElsewhere: past(1) },
    [2, 'broker', 'delayed', here],
  ],
  [
    'the broker brought it back and counts, remembered from before',
    { deaths: 1, count: exactly(1), kind: 'delayed', pastElsewhere: past(1) },
    [2, 'broker', 'delayed', here],
  ],
  [
    'the broker brought it back, and its count tells of no more than this process',
    { deaths: 1, count: atLeast(1), kind: 'delayed', past: past(3) },
    [4, 'memory', 'redelivery', here],
  ],
  [
    'the broker brought it back, and another process missed none',
    { deaths: 3, kind: 'immediate', pastElsewhere: past(1) },
    [4, 'broker', 'immediate'],
  ],
  [
    'the broker brought back a retry copy, whose deaths add up to its attempts',
    { lineage: third, deaths: 1, kind: 'immediate' },
    [4, 'broker', 'immediate'],
  ],
  [
    'the same, remembered from before',
    { lineage: third, deaths: 1, kind: 'immediate', pastElsewhere: past(3) },
    [4, 'broker', 'immediate', here],
  ],
  ['the same, and the broker does not say why', { lineage: third, deaths: 1 }, [4, 'broker', 'delayed']],
  [
    'the broker brought it back, and this copy comes again',
    { deaths: 2, count: atLeast(2), kind: 'delayed' },
    [4, 'broker', 'redelivery'],
  ],
  [
    'the same, remembered',
    { deaths: 2, count: atLeast(2), kind: 'delayed', past: past(3), pastElsewhere: past(2) },
    [4, 'memory', 'redelivery', here],
  ],

  ['remembered alone', { past: past(1) }, [2, 'memory', 'redelivery', here]],
  ['remembered again', { past: past(7) }, [8, 'memory', 'redelivery', here]],
  ['remembered, with times on the message', { lineage: timed, past: past(1) }, [2, 'memory', 'redelivery', here]],

  ['a retry copy', { lineage: third }, [3, 'field', 'delayed', before]],
  ['a retry copy, the broker counts', { lineage: third, count: exactly(1) }, [3, 'field', 'delayed', before]],
  ['a retry copy, at least one', { lineage: third, count: atLeast(1) }, [3, 'field', 'delayed', before]],
  ['a retry copy delivered again', { lineage: third, count: exactly(2) }, [4, 'broker', 'redelivery']],
  ['a retry copy delivered again, remembered', { lineage: third, past: past(3) }, [4, 'memory', 'redelivery', here]],
  ['a retry copy delivered again, at least two', { lineage: third, count: atLeast(2) }, [4, 'broker', 'redelivery']],
  [
    'a retry copy with the identity of the copy before',
    { lineage: third, past: past(2) },
    [3, 'field', 'delayed', before],
  ],

  ['a dead letter of the application', { lineage: deadLetter }, [1, 'field', 'dead_letter', before]],
  [
    'a dead letter of the application, again',
    { lineage: deadLetter, past: past(1) },
    [2, 'memory', 'redelivery', here],
  ],
  ['a dead letter of the broker', { kind: 'dead_letter' }, [1, 'assumed', 'dead_letter']],
  [
    'a dead letter of the broker, remembered where it was',
    { kind: 'dead_letter', pastElsewhere: { attempt: 3, redrives: 0, context: elsewhere } },
    [1, 'assumed', 'dead_letter', elsewhere],
  ],
  [
    'a dead letter of the broker, made from a retry copy',
    { lineage: third, kind: 'dead_letter' },
    [1, 'assumed', 'dead_letter'],
  ],
  [
    'the same, remembered where it was',
    { lineage: third, kind: 'dead_letter', pastElsewhere: { attempt: 3, redrives: 0, context: elsewhere } },
    [1, 'assumed', 'dead_letter', elsewhere],
  ],
  [
    'the same, delivered again',
    { lineage: third, kind: 'dead_letter', past: past(1) },
    [2, 'memory', 'redelivery', here],
  ],
  [
    'a dead letter of the application that the broker moved on after an attempt',
    {
      lineage: { ...deadLetter, attempt: 3 },
      kind: 'dead_letter',
      handledBefore: true,
      pastElsewhere: { attempt: 4, redrives: 0, context: elsewhere },
    },
    [1, 'assumed', 'dead_letter', elsewhere],
  ],
  [
    'the same, of which another process knows',
    { lineage: deadLetter, kind: 'dead_letter', handledBefore: true },
    [1, 'assumed', 'dead_letter'],
  ],
  [
    'a dead letter of the application that the broker moved on before anybody had it',
    { lineage: deadLetter, kind: 'dead_letter' },
    [1, 'field', 'dead_letter', before],
  ],
  [
    'a dead letter delivered again does not link where it was',
    { kind: 'dead_letter', count: exactly(2), pastElsewhere: past(3) },
    [2, 'broker', 'redelivery'],
  ],

  ['a redrive', { lineage: redriven }, [1, 'field', 'redrive', before]],
  [
    'a redrive of what this process attempted before',
    { lineage: redriven, past: past(2) },
    [1, 'field', 'redrive', before],
  ],
  ['a redrive, the broker counts', { lineage: redriven, count: exactly(1) }, [1, 'field', 'redrive', before]],
  ['a redrive that the broker tells of', { kind: 'redrive', redrives: 1 }, [1, 'assumed', 'redrive']],
  [
    'the same, remembered from before it was given up',
    { kind: 'redrive', redrives: 1, past: past(3), pastElsewhere: past(3) },
    [1, 'assumed', 'redrive', here],
  ],
  [
    'the same, delivered again',
    { kind: 'redrive', redrives: 1, past: past(1, 1), pastElsewhere: past(1, 1) },
    [2, 'memory', 'redelivery', here],
  ],
  [
    'a dead letter that its broker gave up and handed out again, remembered',
    { lineage: deadLetter, kind: 'redrive', redrives: 1, pastElsewhere: past(3) },
    [1, 'field', 'redrive', here],
  ],
  [
    'the same, of which another process knows',
    { lineage: deadLetter, kind: 'redrive', redrives: 1 },
    [1, 'field', 'redrive'],
  ],
  [
    'a retry copy that its broker gave up and handed out again, of a message that was redriven before',
    { lineage: { ...third, redrives: 1 }, kind: 'redrive', redrives: 1, past: past(4, 1), pastElsewhere: past(4, 1) },
    [1, 'assumed', 'redrive', here],
  ],
  [
    'a redrive delivered again',
    { lineage: redriven, count: exactly(2), past: past(1, 1) },
    [2, 'broker', 'redelivery', here],
  ],
]

/** What is not given is unknown. */
function counted(sources: Partial<Sources>): AttemptFacts {
  const { past: remembered, pastElsewhere, maxAttempts, handedOut = false, ...told } = sources
  const copy: Counted = {
    lineage: undefined,
    count: undefined,
    deaths: 0,
    kind: undefined,
    handledBefore: false,
    redrives: undefined,
    ...told,
  }
  return countAttempt(copy, remembered, pastElsewhere, maxAttempts, handedOut)
}

describe('attempt, source, kind and previous attempt', () => {
  it.each(rows)('%s', (_, sources, [attempt, source, kind, previous]) => {
    const facts = counted(sources)
    expect([facts.attempt, facts.source, facts.kind, facts.previous]).toEqual([attempt, source, kind, previous])
    expect(facts.firstDelivery).toBe(kind !== 'redelivery')
  })
})

describe('what else is known', () => {
  it('takes the attempts allowed from the message first, then from the broker', () => {
    expect(counted({ lineage: third, maxAttempts: 9 }).maxAttempts).toBe(5)
    expect(counted({ lineage: timed, maxAttempts: 9 }).maxAttempts).toBe(9)
    expect(counted({}).maxAttempts).toBeUndefined()
  })

  it('lets the broker allow so many on each copy, after those of the copies before', () => {
    const told: Lineage = { creation, attempt: 3 }
    expect(counted({ lineage: told, count: exactly(2), maxAttempts: 3 })).toMatchObject({
      attempt: 4,
      maxAttempts: 5,
    })
  })

  it('adds the deaths of a copy to what was allowed, as to its attempts', () => {
    expect(counted({ deaths: 2, maxAttempts: 3 })).toMatchObject({ attempt: 3, maxAttempts: 5 })
  })

  it('leaves out a maximum below the attempt, which counts something else', () => {
    const told: Lineage = { creation, attempt: 3, maxAttempts: 2 }
    expect(counted({ lineage: told }).maxAttempts).toBeUndefined()
    expect(counted({ count: exactly(4), maxAttempts: 3 }).maxAttempts).toBeUndefined()
    expect(counted({ count: exactly(3), maxAttempts: 3 }).maxAttempts).toBe(3)
  })

  it('tells of an attempt on the same copy that still runs', () => {
    const running = { overtaken: false }
    expect(counted({ past: { ...past(1), running } }).overtakes).toBe(running)
    expect(counted({ pastElsewhere: { ...past(3), running }, kind: 'dead_letter' }).overtakes).toBe(running)
    expect(counted({ past: past(1) }).overtakes).toBeUndefined()
  })

  it('starts over where the broker gives out what was given up', () => {
    const retried = { kind: 'redrive', redrives: 1, maxAttempts: 3 } as const
    const over = { attempt: 1, maxAttempts: 3, kind: 'redrive', redrives: 1, previous: undefined }
    expect(counted({ ...retried, lineage: third })).toMatchObject(over)
  })

  it('does not take over what was allowed where a dead letter was before', () => {
    expect(counted({ lineage: third, kind: 'dead_letter' }).maxAttempts).toBeUndefined()
  })

  it('counts redrives on, wherever the message is', () => {
    const again: Lineage = { ...third, redrives: 2 }
    expect(counted({ lineage: again }).redrives).toBe(2)
    expect(counted({ lineage: again, kind: 'dead_letter' }).redrives).toBe(2)
    expect(counted({ lineage: again, kind: 'redrive', redrives: 1 }).redrives).toBe(3)
    expect(counted({}).redrives).toBe(0)
  })
})
