import { context as contexts, ROOT_CONTEXT, type ContextManager } from '@opentelemetry/api'
import { beforeEach, expect, test } from 'vitest'
import { METRICS, OURS } from '../src/base/names.ts'
import { delivery } from './messages.ts'
import { useDerivedContexts } from './contexts.ts'
import { createTraced, useContexts } from './traced.ts'

const WARNING = /^no context manager is registered: /

beforeEach(() => contexts.disable())

test('an SDK without a context manager is said once, at the first attempt or batch', () => {
  const traced = createTraced()
  expect(traced.failures).toEqual([])
  for (let run = 0; run < 3; run += 1) traced.tracing.processBatch([delivery()], () => {})
  for (let run = 0; run < 3; run += 1) traced.tracing.process(delivery(), () => {})
  expect(traced.failures.map(({ stage, error }) => [stage, (error as Error).message])).toEqual([
    ['options', expect.stringMatching(WARNING)],
  ])
})

test('an SDK with a context manager says nothing, and neither does one that derives, fails or is late', () => {
  const late: ContextManager = {
    active: () => ROOT_CONTEXT,
    with: (...[, work, self, ...args]) => void setImmediate(() => Reflect.apply(work, self, args)) as never,
    bind: (_, target) => target,
    enable: () => late,
    disable: () => late,
  }
  const broken: ContextManager = {
    ...late,
    with: () => {
      throw new Error('broken')
    },
  }
  for (const use of [
    useContexts,
    useDerivedContexts,
    ...[late, broken].map((one) => () => contexts.setGlobalContextManager(one)),
  ]) {
    contexts.disable()
    use()
    const traced = createTraced()
    traced.tracing.process(delivery(), () => {})
    expect(traced.spans).toHaveLength(1)
    expect(traced.failures.filter(({ stage }) => stage === 'options')).toEqual([])
  }
})

test('a message of a batch is counted once and links its batch where no context is active', async () => {
  const traced = createTraced()
  const message = delivery({ verdict: undefined, arrival: undefined })
  traced.tracing.processBatch([message], () => traced.tracing.process(message, () => {}))
  const [own, batch] = traced.spans
  expect(own?.links.map(({ context, attributes }) => [attributes?.[OURS.linkRole], context.spanId])).toContainEqual([
    'batch',
    batch?.spanContext().spanId,
  ])
  expect(await traced.counted(METRICS.consumed[0], {})).toBe(1)
})
