import { bullmqTelemetry, retryLater, traceHandler } from '@tracebaton/bullmq'
import { Queue, Worker } from 'bullmq'
import { perform } from './task.js'

const connectionTo = (address) => {
  const { hostname: host, port } = new URL(address)
  return { host, port: Number(port) }
}

await perform({
  async send(address, options, { destination, bodies }) {
    const telemetry = bullmqTelemetry(options)
    const queue = new Queue(destination, { connection: connectionTo(address), telemetry })
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
        const queue = new Queue(to, { connection: connectionTo(address), telemetry: bullmqTelemetry(options) })
        await retryLater(queue, job, { to, error })
        await queue.close()
      }
      return handler(retry, job.data, JSON.parse(job.opts.telemetry?.metadata ?? '{}'))
    }
    const worker = new Worker(destination, traceHandler(processor), {
      connection: connectionTo(address),
      telemetry: bullmqTelemetry(options),
      // What a worker had that was killed comes back soon.
      ...(act === 'work' && { lockDuration: 1000, stalledInterval: 500, maxStalledCount: 1000 }),
    })
    await finished
    await worker.close()
  },
})
