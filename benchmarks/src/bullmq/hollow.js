import { SpanKind, trace } from 'bullmq'

const QUEUE = 'orders'

/** A queue and a worker of BullMQ without Redis: its own function `trace`, called as its classes call it. */
export function createHollow(telemetry) {
  let count = 0
  const hollow = {
    /** The job that was added last. */
    added: undefined,
    queue: {
      name: QUEUE,
      opts: { telemetry },
      add: (name, data, opts) =>
        trace(telemetry, SpanKind.PRODUCER, QUEUE, 'add', `${QUEUE}.${name}`, async (span, metadata) => {
          if (metadata) opts = { ...opts, telemetry: { metadata } }
          hollow.added = jobOf(name, data, opts, count++)
          span?.setAttributes({ 'bullmq.job.name': name, 'bullmq.job.id': hollow.added.id })
          return hollow.added
        }),
      addBulk: async () => [],
      upsertJobScheduler: async () => undefined,
    },
    work: (job, processor) =>
      trace(
        telemetry,
        SpanKind.CONSUMER,
        QUEUE,
        'process',
        QUEUE,
        async (span) => {
          span?.setAttributes({ 'bullmq.worker.id': 'w', 'bullmq.job.id': job.id, 'bullmq.job.name': job.name })
          const result = await processor(job, 'token')
          await trace(telemetry, SpanKind.INTERNAL, QUEUE, 'complete', QUEUE, async (completed) => {
            completed?.setAttributes({ 'bullmq.job.name': job.name, 'bullmq.job.id': job.id })
          })
          return result
        },
        job.opts.telemetry?.metadata,
      ),
  }
  return hollow
}

/** A job as it is added and as a worker gets it. */
export function jobOf(name, data, opts = {}, id) {
  const now = Date.now()
  return {
    id: String(id),
    name,
    data,
    opts,
    queueName: QUEUE,
    queueQualifiedName: `bull:${QUEUE}`,
    timestamp: now,
    processedOn: now,
    attemptsMade: 0,
    attemptsStarted: 1,
    stacktrace: [],
  }
}
