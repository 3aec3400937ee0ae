import type { ConsumeMessage } from 'amqplib'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Outcome } from '@tracebaton/core'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf as factsOf, createRecording } from '../../testing/test/recording.ts'
import { attemptOf, traceChannel, traceHandler } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

type Handler = (message: ConsumeMessage | null) => unknown

/** Consumes one message without acknowledgements, and gives what became of it. */
async function consume(handler: Handler, outcomeOf?: (result: unknown) => Outcome | undefined) {
  const hollow = createHollow()
  const recording = createRecording({ outcomeOf })
  const channel = traceChannel(hollow.channel, recording.options)
  await channel.consume('orders', handler, { noAck: true })
  hollow.deliver()
  const [span] = await recording.recorder.until((spans) => {
    const attempts = spans.filter(({ name }) => name === 'process orders')
    return attempts.length === 1 && attempts
  })
  expect(recording.failures).toEqual([])
  return factsOf(span!)
}

const requeued = (): Outcome => 'requeued'
const ifFalse = (result: unknown): Outcome | undefined => (result === false ? 'requeued' : undefined)

test('an async callback is heard, and so is a traced handler of its own', async () => {
  expect(await consume(async () => false, requeued)).toMatchObject({ outcome: 'requeued' })
  const handler = traceHandler(async () => false, { outcomeOf: requeued })
  expect(await consume(handler as Handler)).toMatchObject({ outcome: 'requeued' })
})

test.each<[what: string, handler: () => unknown]>([
  ['a promise', async () => false],
  ['a value', () => false],
])('a traced handler is heard where it is no async function and gives %s', async (_, handler) => {
  expect(await consume(traceHandler(() => handler(), { outcomeOf: ifFalse }) as Handler)).toMatchObject({
    outcome: 'requeued',
  })
})

test('a traced handler around a traced one: the inner one is believed, and what the outer one says counts beside it', async () => {
  const inner = traceHandler(async () => false, { outcomeOf: requeued })
  expect(await consume(traceHandler(inner, { outcomeOf: () => 'rejected' }) as Handler)).toMatchObject({
    outcome: 'requeued',
  })
  expect(
    await consume(
      traceHandler(
        traceHandler(async () => false),
        { outcomeOf: ifFalse },
      ) as Handler,
    ),
  ).toMatchObject({
    outcome: 'requeued',
  })
  expect(await consume(traceHandler(inner) as Handler)).toMatchObject({ outcome: 'requeued' })
})

/** Rejects, and has dealt with that. */
const failing = (): Promise<void> => {
  const work = Promise.reject(new TypeError('no stock'))
  work.catch(() => {})
  return work
}

test('a rejection that a handler inside two wrappers has dealt with is not unhandled', async () => {
  const unhandled = vi.fn<() => void>()
  process.once('unhandledRejection', unhandled)
  const handler = traceHandler(traceHandler(failing, { outcomeOf: requeued }))
  expect(await consume(handler as Handler)).toMatchObject({ outcome: 'discarded' })
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('a result that is not seen is not asked about', async () => {
  const outcomeOf = vi.fn<() => Outcome>(requeued)
  for (const result of [false, Promise.resolve(false)]) {
    expect(await consume(() => result, outcomeOf)).toMatchObject({ outcome: 'acked' })
  }
  expect(outcomeOf).not.toHaveBeenCalled()
})

test('the result of a traced handler that is a lazy thenable or a function is not looked into', async () => {
  const outcomeOf = vi.fn<() => Outcome>(requeued)
  // oxlint-disable-next-line unicorn/no-thenable -- query builders are such things
  const lazy = { then: vi.fn<() => void>() }
  for (const result of [lazy, () => {}]) {
    expect(await consume(traceHandler(() => result, { outcomeOf }) as Handler)).toMatchObject({ outcome: 'acked' })
  }
  expect(outcomeOf).not.toHaveBeenCalled()
  expect(lazy.then).not.toHaveBeenCalled()
})

test('a message that no traced channel handed over tells its attempt in its handler', async () => {
  const recording = createRecording()
  const message = {
    content: Buffer.from('order'),
    fields: { deliveryTag: 7, redelivered: false, exchange: '', routingKey: 'orders' },
    properties: { messageId: 'm-1', headers: {} },
  }
  const told: unknown[] = []
  const handle = traceHandler(
    (one: typeof message) => void told.push(attemptOf(one), attemptOf(structuredClone(one))),
    { ...recording.options, queue: 'orders' },
  )
  handle(message)
  expect(told).toMatchObject([{ attempt: 1 }, { attempt: 1 }])
  expect(attemptOf(message)).toBeUndefined()
  expect(attemptOf(undefined as never)).toBeUndefined()
})
