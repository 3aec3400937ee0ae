import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, idOf, rolesOf } from '../../testing/test/recording.ts'
import { createConsumer, createProducer, received } from './fake-kafka.ts'

useContexts()

type Build = Pick<typeof import('../src/index.ts'), 'forEachMessage' | 'traceConsumer' | 'traceProducer'>

/** Both builds of the package in this process, as in a program of which one half is CommonJS. */
const load = (path: string): Promise<Build> => import(/* @vite-ignore */ new URL(path, import.meta.url).href)
const esm: Build = await load('../dist/esm/index.js')
const commonjs = createRequire(import.meta.url)('../dist/cjs/index.js') as Build

test('the builds are two', () => {
  expect(esm.forEachMessage).not.toBe(commonjs.forEachMessage)
})

describe.each([
  ['the ES module', esm, 'CommonJS', commonjs],
  ['CommonJS', commonjs, 'the ES module', esm],
])('what %s has wrapped', (_, wrapping, __, handling) => {
  test('gives messages that the other build knows, with the tracing of their consumer', async () => {
    const { options, spans } = createRecording()
    const { consumer, deliverBatch } = createConsumer()
    const message = received()
    const groupId = `group-${crypto.randomUUID()}`
    await wrapping.traceConsumer(consumer, { ...options, groupId }).run({
      eachBatch: async (payload) => void (await handling.forEachMessage(payload, () => {})),
    })
    await deliverBatch([message])
    const [single, batch, ...others] = spans('process orders')
    expect(others).toEqual([])
    expect(rolesOf(single!)).toEqual(['batch'])
    expect(single?.links[0]?.spanId).toBe(batch?.spanId)
    expect(single?.attributes['messaging.consumer.group.name']).toBe(groupId)

    // Attempts are remembered for both, too.
    const second = createConsumer()
    await handling.traceConsumer(second.consumer, { ...options, groupId }).run({ eachMessage: async () => {} })
    await second.deliver(message)
    expect(attemptOf(spans('process orders').at(-1)!)).toMatchObject({ attempt: 2, source: 'memory' })
  })

  test('stops in the middle of a batch whose messages are resolved by hand', async () => {
    const { consumer, deliverBatch } = createConsumer()
    const handled: unknown[] = []
    await wrapping.traceConsumer(consumer, createRecording().options).run({
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => void (await handling.forEachMessage(payload, (message) => handled.push(message))),
    })
    await deliverBatch([received(), received()], { isRunning: () => handled.length === 0 })
    expect(handled).toHaveLength(1)
  })

  test('is replaced when the other build wraps it again, and its group is still known', async () => {
    const [older, newer] = [createRecording(), createRecording()]
    const fake = createConsumer()
    const consumer = wrapping.traceConsumer(fake.consumer, { ...older.options, groupId: 'billing' })
    await handling.traceConsumer(consumer, newer.options).run({ eachMessage: async () => {} })
    await fake.deliver(received())
    const { producer, sent } = createProducer()
    const traced = handling.traceProducer(wrapping.traceProducer(producer, older.options), newer.options)
    await traced.send({ topic: 'orders', messages: [{ value: '1' }] })

    expect(older.recorder.spans).toEqual([])
    expect(newer.recorder.spans.map(({ name }) => name)).toEqual(['process orders', 'send orders'])
    expect(newer.span('process orders').attributes['messaging.consumer.group.name']).toBe('billing')
    expect(idOf(sent[0]?.messages[0]?.headers?.['traceparent'] as string)).toBe(idOf(newer.span('send orders')))
  })
})
