import { createRequire } from 'node:module'
import type { ConsumeMessage } from 'amqplib'
import { describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { createHollow } from './hollow.ts'

useContexts()

type Build = Pick<typeof import('../src/index.ts'), 'traceChannel' | 'traceHandler'>

/** Both builds of the package in this process, as in a program of which one half is CommonJS. */
const load = (path: string): Promise<Build> => import(/* @vite-ignore */ new URL(path, import.meta.url).href)
const esm: Build = await load('../dist/esm/index.js')
const commonjs = createRequire(import.meta.url)('../dist/cjs/index.js') as Build

test('the builds are two', () => {
  expect(esm.traceHandler).not.toBe(commonjs.traceHandler)
})

describe.each([
  ['the ES module', esm, 'CommonJS', commonjs],
  ['CommonJS', commonjs, 'the ES module', esm],
])('what arrived on a channel of %s', (_, wrapping, __, handling) => {
  test('is handled, and settled, by the other build in the same attempt', async () => {
    const { options, span } = createRecording()
    const hollow = createHollow()
    const messages: ConsumeMessage[] = []
    await wrapping.traceChannel(hollow.channel, options).consume('orders', (message) => void messages.push(message!))
    hollow.deliver()
    const other = handling.traceChannel(hollow.channel, options)
    handling.traceHandler(() => {})(messages[0]!)
    other.ack(messages[0]!)
    expect(attemptOf(span('process orders'))).toMatchObject({ attempt: 1, outcome: 'acked' })
  })

  test('is replaced when the other build wraps the channel again', () => {
    const [older, newer] = [createRecording(), createRecording()]
    const channel = wrapping.traceChannel(createHollow().channel, older.options)
    handling.traceChannel(channel, newer.options).sendToQueue('orders', Buffer.from('1'))
    expect(older.recorder.spans).toEqual([])
    expect(newer.recorder.spans.map(({ name }) => name)).toEqual(['publish orders'])
  })
})
