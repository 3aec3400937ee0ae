import { describe, expect, test, vi } from 'vitest'
import { expectGivenBack, expectRefusal, type Wrap } from '../../testing/test/misfits.ts'
import { forEachMessage, traceBatch, traceBatchHandler, traceHandler } from '../src/consumer.ts'
import { deadLetter, redrive, retryLater } from '../src/dead-letter.ts'
import { traceSqs } from '../src/trace.ts'

const stack = { add: vi.fn<() => void>() }
class S3Client {
  readonly middlewareStack = stack
  readonly config = { serviceId: 'S3' }
}

describe('what does not fit comes back as it is, and is named', () => {
  test.each<[string, Wrap, unknown, string]>([
    ['a client of version 2', traceSqs, { sendMessage: () => {} }, 'it takes an SQSClient'],
    ['a client of another service', traceSqs, new S3Client(), 'an instance of S3Client'],
    ['a promise', traceSqs, Promise.resolve(), 'await it first'],
    ['nothing', traceSqs, undefined, 'it takes an SQSClient'],
    ['no handler', traceHandler, {}, 'it takes a function'],
    ['no handler of one message', traceBatchHandler, {}, 'traceBatchHandler was given an object'],
    ['no batch handler', traceBatch, {}, 'it takes a function that handles messages'],
  ])('%s', (_, wrap, given, advice) => {
    expectGivenBack(wrap, given, advice)
    expect(stack.add).not.toHaveBeenCalled()
  })
})

describe('a helper that is given something else than it takes rejects', () => {
  const client = { send: async () => ({}) }

  test.each([
    ['all that a call received', () => retryLater(client, { Messages: [] } as never), 'one received message second'],
    ['several messages', () => deadLetter(client, [{}] as never, { to: 'dead' }), 'one received message second'],
    ['no client', () => redrive({} as never, { Body: '1' }), 'a client first'],
    ['one message', () => forEachMessage({ Body: '1' } as never, () => undefined), 'a list of messages'],
    ['no function', () => forEachMessage([], undefined as never), 'a function second'],
  ])('%s', async (_, call, takes) => {
    await expectRefusal(call, takes)
  })
})
