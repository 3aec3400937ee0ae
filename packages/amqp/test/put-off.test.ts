import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { putOffPublish, traceChannel } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const request = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
const REQUEST = createContextKey('request')
const asking = trace.setSpanContext(ROOT_CONTEXT.setValue(REQUEST, 'one'), request)

test.each(['plain', 'confirm'] as const)(
  'a publish on a %s channel that was put off goes out in the context in which it was asked for',
  (kind) => {
    const { options, span, failures } = createRecording()
    const hollow = createHollow('promise', kind)
    const channel = traceChannel(hollow.channel, options)
    const put = Object.freeze({ persistent: true })
    context.with(asking, () => putOffPublish(put))
    // Later, by the code that connects.
    let confirmedIn = kind === 'confirm' ? undefined : 'one'
    const args = [
      '',
      'orders',
      Buffer.from('order'),
      put,
      () => (confirmedIn = context.active().getValue(REQUEST) as string),
    ]
    ;(channel.publish as (...given: unknown[]) => boolean)(...args.slice(0, kind === 'confirm' ? 5 : 4))
    channel.sendToQueue('mails', Buffer.from('mail'), { persistent: true })
    if (kind === 'confirm') for (const tag of [1, 2]) hollow.confirm(tag, true)
    expect(confirmedIn).toBe('one')
    expect(span('publish orders')).toMatchObject({ traceId: request.traceId, parentSpanId: request.spanId })
    expect(span('publish mails').traceId).not.toBe(request.traceId)
    expect(failures).toEqual([])
  },
)

test('options that are no object are left out', () => {
  expect(() => [undefined, null, 'persistent'].forEach(putOffPublish)).not.toThrow()
})
