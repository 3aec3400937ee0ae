import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { ownHeaders, writtenBy } from '../incoming.js'
import { HollowKafka, received } from './hollow.js'
import { handleByHand, handleBatchByHand, sendByHand } from './by-hand.js'

/** The official instrumentation patches a module: this one, of its own. */
const patched = { Kafka: class extends HollowKafka {} }
let instrumentation
function officialKafka() {
  instrumentation ??= new KafkaJsInstrumentation({ enabled: true })
  if (!Object.hasOwn(patched.Kafka.prototype, 'producer')) instrumentation.init().patch(patched)
  return new patched.Kafka()
}

/** Sends of so many messages each. */
export function send(count, headers = 0) {
  const record = () => ({ topic: 'orders', messages: Array.from({ length: count }, () => message(headers)) })
  const over = (producer) => () => producer.send(record())
  return {
    messages: count,
    bare: async () => over(new HollowKafka().producer()),
    byHand: async () => over(sendByHand(new HollowKafka().producer())),
    official: async () => over(officialKafka().producer()),
    tracebaton: async ({ traceKafka }, options) => over(traceKafka(new HollowKafka(), options).producer()),
  }
}

/** `eachMessage`. */
export function eachMessage(headers = 0) {
  const over = async (kafka, sender, handler = async () => {}) => {
    const consumer = kafka.consumer({ groupId: 'billing' })
    await consumer.run({ eachMessage: handler })
    const next = await deliveries(sender, headers)
    return () => consumer.deliver({ topic: 'orders', partition: 0, message: next(), heartbeat, pause })
  }
  return {
    messages: 1,
    bare: () => over(...untraced()),
    byHand: () =>
      over(
        ...untraced(sendByHand),
        handleByHand(async () => {}),
      ),
    official: () => over(...traced(officialKafka())),
    tracebaton: ({ traceKafka }, options) => over(...traced(traceKafka(new HollowKafka(), options))),
  }
}

/** `eachBatch` of so many messages, each of them handled by itself unless told otherwise. */
export function eachBatch(count, { headers = 0, handle = true } = {}) {
  const over = async (kafka, sender, handler) => {
    const consumer = kafka.consumer({ groupId: 'billing' })
    await consumer.run({ eachBatch: handler })
    const next = await deliveries(sender, headers)
    return () => consumer.deliver(batchOf(Array.from({ length: count }, next)))
  }
  return {
    messages: count,
    bare: () => over(...untraced(), handle ? loop : work),
    byHand: () => over(...untraced(sendByHand), handleBatchByHand(handle ? work : undefined)),
    official: () => over(...traced(officialKafka()), handle ? loop : work),
    tracebaton: ({ traceKafka, forEachMessage }, options) =>
      over(...traced(traceKafka(new HollowKafka(), options)), (payload) =>
        handle
          ? forEachMessage(payload, async (each) => {
              await work(each)
              payload.resolveOffset(each.offset)
            })
          : work(),
      ),
  }
}

const work = async () => {}

async function loop({ batch, resolveOffset }) {
  for (const each of batch.messages) {
    await work(each)
    resolveOffset(each.offset)
  }
}

const heartbeat = async () => {}
const pause = () => () => {}

function batchOf(messages) {
  return {
    batch: { topic: 'orders', partition: 0, highWatermark: '1000000', messages, isEmpty: () => false },
    resolveOffset() {},
    heartbeat,
    pause,
    commitOffsetsIfNecessary: heartbeat,
    uncommittedOffsets: () => ({ topics: [] }),
    isRunning: () => true,
    isStale: () => false,
  }
}

function message(headers) {
  return headers === 0
    ? { key: 'k', value: 'order 1042' }
    : { key: 'k', value: 'order 1042', headers: ownHeaders(headers) }
}

/** A client and the producer that writes its messages. */
function untraced(trace = (producer) => producer) {
  const kafka = new HollowKafka()
  return [kafka, { kafka, producer: trace(kafka.producer()) }]
}

function traced(kafka) {
  return [kafka, { kafka, producer: kafka.producer() }]
}

/** Messages as the client delivers them, each at an offset of its own, with what the producer wrote. */
async function deliveries({ kafka, producer }, headers) {
  const next = await writtenBy(async () => {
    await producer.send({ topic: 'orders', messages: [message(headers)] })
    return received(kafka.sent[0].headers)
  })
  const timestamp = String(Date.now())
  const [key, value] = [Buffer.from('k'), Buffer.from('order 1042')]
  let offset = 0
  return () => ({ key, value, timestamp, attributes: 0, offset: String(offset++), headers: next() })
}

export const paths = {
  'kafka.send1': () => send(1),
  'kafka.send10': () => send(10),
  'kafka.send100': () => send(100),
  'kafka.eachMessage': () => eachMessage(),
  'kafka.eachBatch': () => eachBatch(100),
}

/** Paths that may grow, by what grows. */
export const scaling = {
  'kafka.send': (count) => send(count),
  'kafka.eachBatch': (count) => eachBatch(count),
  'kafka.links': (count) => eachBatch(count, { handle: false }),
  'kafka.send headers': (headers) => send(1, headers),
  'kafka.eachMessage headers': (headers) => eachMessage(headers),
}
