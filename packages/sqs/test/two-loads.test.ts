import { createRequire } from 'node:module'
import { ReceiveMessageCommand, SendMessageCommand, type Message } from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import { useQueues } from './queues.ts'
import { createTraced } from './traced.ts'

type Build = Pick<typeof import('../src/index.ts'), 'forEachMessage' | 'traceHandler' | 'traceSqs'>

/** Both builds of the package in this process, as in a program of which one half is CommonJS. */
const load = (path: string): Promise<Build> => import(/* @vite-ignore */ new URL(path, import.meta.url).href)
const esm: Build = await load('../dist/esm/index.js')
const commonjs = createRequire(import.meta.url)('../dist/cjs/index.js') as Build

const queues = await useQueues()

test('the builds are two', () => {
  expect(esm.traceHandler).not.toBe(commonjs.traceHandler)
})

describe.each([
  ['the ES module', esm, 'CommonJS', commonjs],
  ['CommonJS', commonjs, 'the ES module', esm],
])('a message received by a client that %s has traced', (_, receiving, __, handling) => {
  test('and handled by %s is known with its queue and the tracing of that client', async () => {
    const QueueUrl = await queues.create()
    const traced = createTraced({ relation: 'link' })
    const client = receiving.traceSqs(queues.client(), { ...traced.options, legacyAttributeNames: true })
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }))
    const again = (message: Message) =>
      handling
        .traceSqs(queues.client(), traced.options)
        .send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes: message.MessageAttributes }))
    await handling.forEachMessage(Messages, again)
    const [span, ...others] = traced.named('process')
    expect(others).toEqual([])
    expect(span?.name).toBe(`process ${QueueUrl.split('/').at(-1)}`)
    expect(span?.links).toHaveLength(1)
    expect(span?.attributes['tracebaton.delivery.outcome']).toBe('retry_scheduled')
  })
})
