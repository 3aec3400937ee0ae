import { sweepCarriers } from '../../core/test/carrier-sweep.ts'
import { bullmqTelemetry, traceHandler, traceQueue } from '../src/index.ts'
import { createBullmq, type Job } from './fake-bullmq.ts'

/** The same bag as metadata: as JSON where it has that form, else as it is. */
function metadataOf(carrier: unknown): never {
  try {
    const bag = typeof carrier === 'object' && carrier !== null ? Object.entries(carrier) : undefined
    const texts = bag?.map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('latin1') : value])
    return JSON.stringify(texts === undefined ? carrier : Object.fromEntries(texts)) as never
  } catch {
    return carrier as never
  }
}

sweepCarriers('bullmq', {
  async process(carrier, handler, options) {
    const { queue, work } = createBullmq(options && bullmqTelemetry(options))
    const job: Job = { ...(await queue.add('charge', 1)), opts: { telemetry: { metadata: metadataOf(carrier) } } }
    let given = ''
    const processor = (): void => {
      given = handler()
    }
    await work(job, options === undefined ? processor : traceHandler(processor))
    return given
  },
  async send(carrier, options) {
    const { queue, added } = createBullmq(options && bullmqTelemetry(options))
    const traced = options === undefined ? queue : traceQueue(queue, options)
    await traced.add('charge', 1, { telemetry: { metadata: metadataOf(carrier) } })
    return added.map(({ name, data }) => [name, data])
  },
})
