// A shop, billing and a mailer on Kafka clients that go nowhere, each attempt in a trace of its own, which journeySampler
// decides about. Prints for each root sampler and mode how many journeys were sampled, and how many not alike.
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createCompositeSampler,
} from '@opentelemetry/sampler-composite'
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { journeySampler } from '@tracebaton/core/sampler'
import { traceConsumer, traceProducer } from '@tracebaton/kafka'

const JOURNEYS = 2_000
const RATE = 0.3

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

const roots = {
  classic: () => new TraceIdRatioBasedSampler(RATE),
  composite: () =>
    createCompositeSampler(createComposableParentThresholdSampler(createComposableProbabilitySampler(RATE))),
}

/** One service: its producer, which notes what it sends, and what handles its messages. */
function service(root, sent) {
  const tracerProvider = new TracerProvider({ sampler: new ParentBasedSampler({ root }) })
  const options = { tracerProvider, relation: 'link' }
  const client = {
    send: async ({ topic, messages }) => {
      sent.push(...messages)
      return messages.map(() => ({ topicName: topic, partition: 0, baseOffset: '0' }))
    },
    sendBatch: async () => [],
    transaction: async () => client,
  }
  let config
  const consumer = traceConsumer({ run: async (given) => void (config = given) }, { ...options, groupId: 'group' })
  let offset = 0
  return {
    producer: traceProducer(client, options),
    handle: async (eachMessage) => {
      await consumer.run({ eachMessage })
      return ({ value, headers }) => {
        const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])
        offset += 1
        const message = { key: null, value: Buffer.from(value), offset: String(offset), timestamp: String(Date.now()) }
        return config.eachMessage({
          topic: 'orders',
          partition: 0,
          message: { ...message, headers: Object.fromEntries(bytes) },
        })
      }
    },
  }
}

/** The 56 bits that consistent samplers decide by, as the specification of OpenTelemetry says. */
const randomnessOf = ({ traceId, traceState }) =>
  /(?:^|;)rv:([\da-f]{14})(?:;|$)/.exec(traceState?.get('ot') ?? '')?.[1] ?? traceId.slice(-14)

async function play(root, mode) {
  const sent = []
  let attempts = []
  const note = () => attempts.push(trace.getActiveSpan().spanContext())
  const shop = service(root(), sent)
  const [billing, mailer] = [1, 2].map(() => service(journeySampler(root(), { mode }), sent))
  const toBilling = await billing.handle(async () => {
    note()
    await billing.producer.send({ topic: 'emails', messages: [{ value: 'mail' }] })
  })
  const toMailer = await mailer.handle(async () => note())
  const figures = { sampled: 0, torn: 0, dice: 0, traces: 0 }
  for (let journey = 0; journey < JOURNEYS; journey++) {
    attempts = []
    await shop.producer.send({ topic: 'orders', messages: [{ value: 'order' }] })
    const [, traceId, , flags] = String(sent.at(-1).headers.traceparent).split('-')
    await toBilling(sent.at(-1))
    await toMailer(sent.at(-1))
    const spans = [{ traceId, traceFlags: Number(flags) & 1 }, ...attempts]
    if (flags === '01') figures.sampled += 1
    if (new Set(spans.map((span) => span.traceFlags)).size > 1) figures.torn += 1
    figures.dice += new Set(spans.map(randomnessOf)).size
    figures.traces += new Set(spans.map((span) => span.traceId)).size
  }
  return figures
}

const all = {}
for (const [name, root] of Object.entries(roots)) {
  for (const mode of ['same-dice', 'follow']) all[`${name}, ${mode}`] = await play(root, mode)
}
console.log(JSON.stringify({ journeys: JOURNEYS, rate: RATE, all }))
