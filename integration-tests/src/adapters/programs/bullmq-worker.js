// A worker that never gets done with a job, until somebody kills it; or fails, once, and says with which span.
import { bullmqTelemetry, traceHandler } from '@tracebaton/bullmq'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { createRecorder } from '@tracebaton/testing'
import { Worker } from 'bullmq'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const [, , address, queue, work] = process.argv
const { hostname: host, port } = new URL(address)
const recorder = createRecorder()
const telemetry = bullmqTelemetry({ tracerProvider: new BasicTracerProvider({ spanProcessors: [recorder] }) })

const processor = async (job) => {
  if (work === 'fail') {
    // It would come back here at once.
    await worker.pause(true)
    throw new TypeError('no')
  }
  process.stdout.write(`working on ${job.id}\n`)
  await new Promise(() => {})
}
const worker = new Worker(queue, traceHandler(processor), {
  connection: { host, port: Number(port) },
  lockDuration: 500,
  // Nobody looks for stalled jobs before the one who looked last would do so again.
  stalledInterval: 500,
  telemetry,
})
worker.on('failed', async () => {
  const [attempt] = await recorder.until((spans) => spans.length > 0 && spans, { timeout: 20_000 })
  process.stdout.write(`${attempt.spanId}\n`)
})
