/*
 * Hands one message to a handler, on a real channel of the client on a connection that goes nowhere.
 * Arguments: `bare` or `traced`, the name of a handler, and `noAck` or nothing.
 */
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { traceChannel, traceHandler } from '@tracebaton/amqp'

const [how, name, noAck] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const inside = (file) => require(join(dirname(require.resolve('amqplib')), 'lib', file))
const { BasicConsume, BasicConsumeOk, BasicDeliver, BasicProperties, ChannelClose, ChannelCloseOk } = inside('defs.js')
const { Channel } = inside('channel_model.js')

const connection = {
  freshChannel: () => 1,
  releaseChannel() {},
  sendMethod(_, method) {
    const answer = { [BasicConsume]: BasicConsumeOk, [ChannelClose]: ChannelCloseOk }[method]
    if (answer !== undefined) setImmediate(() => bare.accept({ id: answer, fields: { consumerTag: 'tag' } }))
    return true
  },
}
const bare = new Channel(connection)
bare.allocate()
const options = { tracerProvider: new BasicTracerProvider() }
const channel = how === 'traced' ? traceChannel(bare, options) : bare

const happening = new EventEmitter()
/** Fails a few turns later. */
async function work() {
  await new Promise((resolve) => happening.once('failure', resolve))
  throw new RangeError('no stock')
}
function caught() {
  const promise = work()
  promise.catch(() => {})
  return promise
}
const handlers = {
  async asynchronous() {
    await work()
  },
  plain: () => work(),
  caught,
  caughtLater() {
    const promise = work()
    happening.once('soon', () => promise.catch(() => {}))
    return promise
  },
  caughtTooLate() {
    const promise = work()
    happening.once('late', () => promise.catch(() => {}))
    return promise
  },
  wrapped: traceHandler(caught),
  heard: traceHandler(caught, { outcomeOf: () => undefined }),
  async acknowledged(message) {
    channel.ack(message)
    await work()
  },
  synchronous() {
    throw new RangeError('no stock')
  },
}
await channel.consume('orders', handlers[name], { noAck: noAck === 'noAck' })
bare.accept({
  id: BasicDeliver,
  fields: { consumerTag: 'tag', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'orders' },
})
bare.accept({ id: BasicProperties, fields: { headers: {} }, size: 1 })
bare.accept({ content: Buffer.from('1') })
for (const event of ['soon', 'failure', 'late']) {
  await new Promise((resolve) => setImmediate(resolve))
  happening.emit(event)
}
