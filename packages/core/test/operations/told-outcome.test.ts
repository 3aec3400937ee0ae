import { beforeAll, describe, expect, test, vi } from 'vitest'
import { ERROR_TYPE, OURS } from '../../src/base/names.ts'
import type { Outcome, OutcomeOf } from '../../src/base/policy.ts'
import type { TracingOptions } from '../../src/options.ts'
import { ownOptions, tracingToldBy } from '../../src/instances.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

interface Answer {
  readonly became: Outcome | undefined
}
const outcomeOf: OutcomeOf = ({ became }: Answer) => became
const answer = (became?: Outcome): Answer => ({ became })

/** Traces a handler, and gives what its span says. */
async function attempt(
  work: (traced: ReturnType<typeof createTraced>) => unknown,
  options: TracingOptions = { outcomeOf },
) {
  const traced = createTraced(options)
  await Promise.resolve(work(traced)).catch(() => {})
  const { attributes, status } = traced.span('process orders')
  const { failures } = traced
  return { outcome: attributes[OURS.outcome], error: attributes[ERROR_TYPE], status: status.code, failures }
}

describe('a handler that returned', () => {
  test.each([
    ['requeued', 'requeued'],
    ['rejected', 'rejected'],
    ['retry_scheduled', undefined],
    ['dead_lettered', undefined],
    ['discarded', undefined],
    ['abandoned', undefined],
    ['acked', undefined],
  ] as const)('and says that its message was %s has that outcome', async (outcome, error) => {
    for (const result of [answer(outcome), Promise.resolve(answer(outcome))]) {
      expect(await attempt(({ tracing }) => tracing.process(delivery(), () => result))).toEqual({
        outcome,
        error,
        status: error === undefined ? 0 : 2,
        failures: [],
      })
    }
  })

  test('and says nothing has taken its message', async () => {
    const handled = await attempt(({ tracing }) => tracing.process(delivery(), () => answer()))
    expect(handled).toMatchObject({ outcome: 'acked', failures: [] })
  })

  test.each([
    ['throws', () => JSON.parse('{'), 'SyntaxError'],
    ['gives what is no outcome', () => 'done' as Outcome, 'Error'],
    ['gives a promise', async () => 'acked' as Outcome, 'Error'],
    ['gives what cannot be shown', () => Object.create(null) as Outcome, 'Error'],
  ])('is not harmed where outcomeOf %s, which is reported', async (_, broken, name) => {
    const result = answer('requeued')
    const traced = createTraced({ outcomeOf: broken as OutcomeOf })
    expect(traced.tracing.process(delivery(), () => result)).toBe(result)
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('acked')
    expect(traced.failures).toMatchObject([{ stage: 'options', error: { name } }])
  })

  test('gives what it gave, and is asked once, with the very result', async () => {
    const asked = vi.fn<OutcomeOf>(() => 'requeued')
    const traced = createTraced({ outcomeOf: asked })
    const result = answer()
    expect(traced.tracing.process(delivery(), () => result)).toBe(result)
    expect(await traced.tracing.process(delivery(), async () => result)).toBe(result)
    expect(asked.mock.calls).toEqual([[result], [result]])
  })
})

test('what a handler threw is not asked about', async () => {
  const asked = vi.fn<OutcomeOf>(() => 'acked')
  const failed = await attempt(({ tracing }) => tracing.process(delivery(), () => Promise.reject(new TypeError())), {
    outcomeOf: asked,
  })
  expect(failed).toMatchObject({ outcome: 'requeued', error: 'TypeError' })
  expect(asked).not.toHaveBeenCalled()
})

const rejecting: OutcomeOf = () => 'rejected'

test('the outcomeOf of a handler stands for that of the options, and of wrappers the innermost is right', async () => {
  expect(
    await attempt(({ tracing }) => tracing.process(delivery(), () => answer('requeued'), rejecting)),
  ).toMatchObject({
    outcome: 'rejected',
  })
  const message = delivery({ key: 'r-1' })
  const nested = (told: OutcomeOf) =>
    attempt(({ tracing }) => tracing.process(message, () => tracing.process(message, () => answer('requeued'), told)))
  expect(await nested(rejecting)).toMatchObject({ outcome: 'rejected' })
  expect(await nested(() => undefined)).toMatchObject({ outcome: 'requeued' })
})

const settle = (told: Outcome | undefined, settled: Outcome) =>
  attempt(({ tracing }) => {
    const open = tracing.open(delivery())
    open.run(() => answer(told))
    open.settle(settled)
  })

describe('a message that is settled by a call', () => {
  test.each([
    ['requeued', 'acked', 'acked'],
    ['acked', 'requeued', 'requeued'],
    ['retry_scheduled', 'acked', 'retry_scheduled'],
    ['dead_lettered', 'acked', 'dead_lettered'],
    ['retry_scheduled', 'requeued', 'requeued'],
    ['retry_scheduled', 'abandoned', 'abandoned'],
    [undefined, 'acked', 'acked'],
  ] as const)('and whose handler says %s, is %s: that is %s', async (told, settled, outcome) => {
    expect(await settle(told, settled)).toMatchObject({ outcome })
  })

  test('and handled several times is what its last handler says', async () => {
    const handled = await attempt(({ tracing }) => {
      const open = tracing.open(delivery(), { settledByHandler: false })
      open.run(() => answer('retry_scheduled'))
      open.run(() => open.run(() => answer(), outcomeOf), outcomeOf)
      open.settle('acked')
    })
    expect(handled).toMatchObject({ outcome: 'acked' })
  })
})

test('options of a handler that say only what its result means leave its tracing as it was', () => {
  const scope = { name: 'test', version: '1' }
  const own = { outcomeOf: 'outcomeOf' } as const
  expect(ownOptions({ outcomeOf }, own, createTraced().tracing)).toEqual({ outcomeOf })
  expect(tracingToldBy({ outcomeOf }, own, scope)).toBeUndefined()
  expect(tracingToldBy({ outcomeOf, trust: 'ignore' }, own, scope)).toBeDefined()
})
