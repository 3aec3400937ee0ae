// A worker that never gets done with a job, until it is killed.
import { bullmqTelemetry, traceHandler } from '@tracebaton/bullmq'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { Worker } from 'bullmq'

const [, , address, queue] = process.argv
const { hostname: host, port } = new URL(address)

const processor = async (job) => {
  process.stdout.write(`working on ${job.id}\n`)
  await new Promise(() => {})
}
export const worker = new Worker(queue, traceHandler(processor), {
  connection: { host, port: Number(port) },
  lockDuration: 500,
  // Stalled jobs are not looked for before the worker that looked last would do so again.
  stalledInterval: 500,
  telemetry: bullmqTelemetry({ tracerProvider: new BasicTracerProvider() }),
})
