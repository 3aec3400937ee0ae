import { createRequire } from 'node:module'
import * as amqp from '../amqp/paths.js'
import { createHollow as createQueue } from '../bullmq/hollow.js'
import * as kafka from '../kafka/paths.js'
import { HollowKafka } from '../kafka/hollow.js'
import * as sqs from '../sqs/paths.js'

// Both ways use the same build of the adapters: the one that instrumentations load.
const require = createRequire(import.meta.url)
const { patchModule } = require('@tracebaton/instrumentation/patch')
const byHand = (adapter) => require(`@tracebaton/${adapter}`)

/** A queue as BullMQ has it: a class, whose methods are on its prototype. */
class Queue {
  #hollow
  constructor(name, opts) {
    this.name = name
    this.opts = opts
    this.#hollow = createQueue(opts.telemetry)
  }
  add(...args) {
    return this.#hollow.queue.add(...args)
  }
  addBulk(...args) {
    return this.#hollow.queue.addBulk(...args)
  }
  upsertJobScheduler(...args) {
    return this.#hollow.queue.upsertJobScheduler(...args)
  }
}

const adding = (queue) => () => queue.add('charge', { order: 1042 })

const { Kafka } = patchModule('kafkajs', { Kafka: HollowKafka })
const { Queue: PatchedQueue } = patchModule('bullmq', { Queue })
const { connect } = patchModule('amqplib', {
  connect: async () => ({ createChannel: (channel) => channel, close() {} }),
})
const connection = await connect()
const { followOptions } = require('@tracebaton/core/adapter')
const NONE = {}
const tracing = followOptions(() => NONE)
const patched = {
  kafka: { ...byHand('kafka'), traceKafka: () => new Kafka() },
  amqp: { ...byHand('amqp'), traceChannel: (channel) => connection.createChannel(channel) },
  // The patched class does this with each object that it makes.
  sqs: { ...byHand('sqs'), traceSqs: (client) => byHand('sqs').traceSqs(client, { tracing }) },
}

const both = (path, adapter) => ({
  path,
  'by hand': () => path.tracebaton(byHand(adapter)),
  patched: () => path.tracebaton(patched[adapter]),
})

/** Calls of a client that was wrapped by hand, and of one that a patched module made. */
export const PATHS = {
  'kafka.send': both(kafka.send(1), 'kafka'),
  'kafka.eachMessage': both(kafka.eachMessage(), 'kafka'),
  'amqp.publish': both(amqp.publish(), 'amqp'),
  'amqp.consume': both(amqp.consume(), 'amqp'),
  'sqs.send': both(sqs.send(), 'sqs'),
  'sqs.consume': both(sqs.consume(), 'sqs'),
  'bullmq.add': {
    path: { messages: 1 },
    'by hand': async () => {
      const { bullmqTelemetry, traceQueue } = byHand('bullmq')
      return adding(traceQueue(new Queue('orders', { telemetry: bullmqTelemetry() })))
    },
    patched: async () => adding(new PatchedQueue('orders', {})),
  },
}
