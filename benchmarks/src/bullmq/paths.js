import { BullMQOtel } from 'bullmq-otel'
import { writtenBy } from '../incoming.js'
import { addByHand, processByHand } from './by-hand.js'
import { createHollow, jobOf } from './hollow.js'

const official = () => new BullMQOtel({ tracerName: 'official' })

const charge = async () => {}

/** `Queue.add`. */
export function add() {
  return {
    messages: 1,
    bare: async () => adding(createHollow().queue),
    byHand: async () => adding(addByHand(createHollow().queue)),
    official: async () => adding(createHollow(official()).queue),
    tracebaton: async ({ bullmqTelemetry }, options) => adding(createHollow(bullmqTelemetry(options)).queue),
  }
}

function adding(queue) {
  return () => queue.add('charge', { order: 1042 })
}

/** What a worker does with one job. */
export function work() {
  return {
    messages: 1,
    bare: () => working(createHollow(), charge),
    byHand: () => working(createHollow(), processByHand(charge), addByHand),
    official: () => working(createHollow(official()), charge),
    tracebaton: ({ bullmqTelemetry, traceHandler }, options) =>
      working(createHollow(bullmqTelemetry(options)), traceHandler(charge, options)),
  }
}

async function working(hollow, processor, trace = (queue) => queue) {
  const queue = trace(hollow.queue)
  const next = await writtenBy(async () => {
    await queue.add('charge', { order: 1042 })
    return hollow.added.opts.telemetry?.metadata
  })
  let count = 0
  return () => {
    const metadata = next()
    const opts = metadata === undefined ? {} : { telemetry: { metadata } }
    return hollow.work(jobOf('charge', { order: 1042 }, opts, count++), processor)
  }
}

/** `Queue.add` of a queue that is wrapped, and has no telemetry of BullMQ's. */
export function addWrapped() {
  return {
    ...add(),
    tracebaton: async ({ traceQueue }, options) => adding(traceQueue(createHollow().queue, options)),
  }
}

/** What a worker without telemetry of BullMQ's does with one job. */
export function workWrapped() {
  return {
    ...work(),
    tracebaton: ({ traceHandler, traceQueue }, options) =>
      working(createHollow(), traceHandler(charge, options), (queue) => traceQueue(queue, options)),
  }
}

export const paths = {
  'bullmq.add': () => add(),
  'bullmq.process': () => work(),
  'bullmq.traceQueue': () => addWrapped(),
  'bullmq.traceHandler': () => workWrapped(),
}
