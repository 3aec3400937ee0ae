// The processor of a sandbox, with an SDK of its own. What is recorded goes to the file that the environment names.
import { appendFileSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { createRecorder } from '@tracebaton/testing'
import { traceHandler } from '@tracebaton/bullmq/sandbox'

const recorder = createRecorder()
let written = 0
const provider = new NodeTracerProvider({
  spanProcessors: [
    {
      onStart: (...args) => recorder.onStart(...args),
      onEnd: (...args) => recorder.onEnd(...args),
      // As with an exporter that works in batches: what is not flushed is lost.
      async forceFlush() {
        const lines = recorder.spans.slice(written).map((span) => `${JSON.stringify(span)}\n`)
        written += lines.length
        appendFileSync(process.env['SPANS'], lines.join(''))
      },
      shutdown: async () => {},
    },
  ],
})
provider.register()

// oxlint-disable-next-line import/no-default-export -- BullMQ wants it
export default traceHandler(async (job) => {
  const span = trace.getTracer('application').startSpan('query')
  if (job.name === 'flaky' && job.attemptsStarted < 2) throw new TypeError('no')
  span.end()
  return job.data
})
