import { traceHandler } from '@tracebaton/amqp'
import { assertSpans } from '@tracebaton/testing'
import type { ConsumeMessage } from 'amqplib'
import { expect, test, vi } from 'vitest'
import { openSession } from './amqplib-session.ts'

test('a handler that fails after its consumer has handed the message over, unacknowledged, is the next attempt, and has failed', async () => {
  await using session = await openSession(true)
  const { channel, recorder } = session
  const queue = await session.queue()
  const taken: ConsumeMessage[] = []
  await channel.consume(queue, (message) => void taken.push(message!), { noAck: true })
  channel.sendToQueue(queue, Buffer.from('order 1042'))
  await vi.waitFor(() => expect(taken).toHaveLength(1), { timeout: 20_000 })
  const handle = traceHandler<ConsumeMessage, [], Promise<void>>(async () => {
    throw new RangeError('no stock')
  })
  await expect(handle(taken[0]!)).rejects.toThrow('no stock')

  const attempts = await session.attempts(queue, 2)
  const send = recorder.spans.find(({ name }) => name === `publish ${queue}`)!
  assertSpans(attempts, [
    { attempt: 1, outcome: 'acked', status: 'unset', parent: send, links: { previous_attempt: [] } },
    { attempt: 2, outcome: 'discarded', status: 'error', parent: send, links: { previous_attempt: [attempts[0]!] } },
  ])
})
