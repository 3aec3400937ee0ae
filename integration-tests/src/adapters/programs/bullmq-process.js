import { bullmqTelemetry, retryLater, traceHandler } from '@tracebaton/bullmq'
import { Queue, Worker } from 'bullmq'
import { perform, unlessPatched } from './task.js'

const handlerOf = unlessPatched(traceHandler)
const withTelemetry = unlessPatched((own, options) => ({ ...own, telemetry: bullmqTelemetry(options) }))

const connectionTo = (address) => {
  const { hostname: host, port } = new URL(address)
  return { host, port: Number(port) }
}

await perform({
  async send(address, options, { destination, bodies }) {
    const queue = new Queue(destination, withTelemetry({ connection: connectionTo(address) }, options))
    for (const body of bodies) await queue.add('order', body)
    await queue.close()
  },
  async handle(address, options, { act, destination, count }, { handler, finished }) {
    let left = count
    const processor = async (job) => {
      left -= 1
      // A job that failed would come back here at once.
      if (left === 0) await worker.pause(true)
      const retry = async ({ to, error }) => {
        const queue = new Queue(to, withTelemetry({ connection: connectionTo(address) }, options))
        await retryLater(queue, job, { to, error })
        await queue.close()
      }
      return handler(retry, job.data, JSON.parse(job.opts.telemetry?.metadata ?? '{}'))
    }
    const own = {
      connection: connectionTo(address),
      // What a worker had that was killed comes back soon.
      ...(act === 'work' && { lockDuration: 1000, stalledInterval: 500, maxStalledCount: 1000 }),
    }
    const worker = new Worker(destination, handlerOf(processor), withTelemetry(own, options))
    await finished
    await worker.close()
  },
})
