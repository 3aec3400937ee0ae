// One process: each table has implementations of the same work, which are measured in turn.
import { AlwaysOnSampler, BasicTracerProvider, ParentBasedSampler } from '@opentelemetry/sdk-trace-base'
import { journeySampler } from '@tracebaton/core/sampler'
import { loadBuild } from '../builds.js'
import { writtenBy } from '../incoming.js'
import { HollowKafka, received } from '../kafka/hollow.js'
import { measure, QUICK } from '../measure.js'
import { setUp } from '../modes.js'

process.on('disconnect', () => process.exit(1))
const { build } = JSON.parse(process.argv[2])
setUp('sampled')
const { traceKafka } = await loadBuild('kafka', build)

const nowhere = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
/** A service whose new traces are decided about by a sampler. */
const providerWith = (root) =>
  new BasicTracerProvider({ sampler: new ParentBasedSampler({ root }), spanProcessors: [nowhere] })
const on = new AlwaysOnSampler()

/** Handles messages of a producer in link mode. The handler sends one itself, or does nothing. */
async function consumer({ root = on, relation = 'link', sends = false, hops = 1 }) {
  const tracerProvider = providerWith(root)
  const kafka = new HollowKafka()
  const traced = traceKafka(kafka, { relation, tracerProvider })
  const producer = traced.producer()
  const handling = traced.consumer({ groupId: 'billing' })
  const send = () => producer.send({ topic: 'emails', messages: [{ key: 'k', value: 'mail' }] })
  let handler = send
  await handling.run({ eachMessage: () => handler() })
  const timestamp = String(Date.now())
  const [key, value] = [Buffer.from('k'), Buffer.from('order 1042')]
  let offset = 0
  const deliver = (headers) => {
    const message = { key, value, timestamp, attributes: 0, offset: String(offset++), headers }
    return handling.deliver({ topic: 'orders', partition: 0, message, heartbeat, pause })
  }
  const next = await writtenBy(async () => {
    await producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'order 1042' }] })
    for (let hop = 1; hop < hops; hop++) await deliver(received(kafka.sent[0].headers))
    return received(kafka.sent[0].headers)
  })
  if (!sends) handler = async () => {}
  return () => deliver(next())
}

const heartbeat = async () => {}
const pause = () => () => {}

const tables = {
  'A message handled in a trace of its own, by the sampler of new traces': {
    base: 'every trace',
    calls: {
      'every trace': await consumer({}),
      follow: await consumer({ root: journeySampler(on, { mode: 'follow' }) }),
      'same-dice': await consumer({ root: journeySampler(on) }),
      'same-dice, second hop': await consumer({ root: journeySampler(on), hops: 2 }),
    },
  },
  'A message handled and another one sent': {
    base: 'in one trace',
    calls: {
      'in one trace': await consumer({ relation: 'child', sends: true }),
      'in two traces': await consumer({ sends: true }),
      'in two traces, second hop': await consumer({ sends: true, hops: 2 }),
    },
  },
  'A message handled': {
    base: 'in one trace',
    calls: {
      'in one trace': await consumer({ relation: 'child' }),
      'in two traces': await consumer({}),
      'in two traces, second hop': await consumer({ hops: 2 }),
    },
  },
}

const results = {}
for (const [title, { base, calls }] of Object.entries(tables)) {
  results[title] = { base, figures: await measure(calls, { messages: 1 }, QUICK) }
}
process.send(results, () => process.exit())
