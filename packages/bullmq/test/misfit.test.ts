import { describe, test } from 'vitest'
import { expectGivenBack, expectRefusal, type Wrap } from '../../testing/test/misfits.ts'
import { traceHandler } from '../src/consumer.ts'
import { deadLetter, redrive, retryLater } from '../src/dead-letter.ts'
import { traceFlowProducer, traceQueue } from '../src/producer.ts'
import { jobOf } from './job.ts'

const flows = { add: async () => ({}), addBulk: async () => [] }
const queue = { ...flows, name: 'orders' }
class Worker {
  readonly name = 'orders'
  run(): void {}
  getNextJob(): void {}
}

describe('what does not fit comes back as it is, and is named', () => {
  test.each<[string, Wrap, unknown, string]>([
    ['a producer of flows', traceQueue, flows, 'use traceFlowProducer'],
    ['a queue', traceFlowProducer, queue, 'use traceQueue'],
    ['a worker', traceQueue, new Worker(), 'an instance of Worker, which is not traced: use bullmqTelemetry'],
    ['a promise', traceQueue, Promise.resolve(queue), 'await it first'],
    ['nothing', traceFlowProducer, undefined, 'it takes a FlowProducer'],
    ['the file of a sandbox', traceHandler, './processor.js', 'the file of a sandbox wraps its own'],
  ])('%s', (_, wrap, given, advice) => {
    expectGivenBack(wrap, given, advice)
  })
})

describe('a helper that is given something else than it takes rejects', () => {
  test.each([
    ['a worker', () => retryLater(new Worker() as never, jobOf() as never), 'a Queue or a FlowProducer first'],
    ['the data', () => deadLetter(queue as never, { order: 1 } as never, { to: 'dead' }), 'a job second'],
    ['no job', () => redrive(queue as never, undefined as never), 'a job second'],
  ])('%s', async (_, call, takes) => {
    await expectRefusal(call, takes)
  })
})
