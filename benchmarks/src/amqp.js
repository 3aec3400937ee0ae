import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib'
import { traceChannel } from '@tracebaton/amqp'
import { channels, createHollow } from './amqp-hollow.js'
import { createIncoming } from './incoming.js'

/** The variants of one message published, and of one handled and acknowledged. */
export async function amqp() {
  // The official instrumentation patches a module: this one, of its own.
  const patched = {
    Channel: class extends channels.Channel {},
    ConfirmChannel: class extends channels.ConfirmChannel {},
  }
  new AmqplibInstrumentation({ enabled: true }).patchChannelModel(patched)
  const hollows = { bare: createHollow(), ours: createHollow(), official: createHollow(patched.Channel) }
  const channelsOf = {
    bare: hollows.bare.channel,
    ours: traceChannel(hollows.ours.channel),
    official: hollows.official.channel,
  }

  const content = Buffer.from('order 1042')
  const publish = {}
  const handle = {}
  for (const [name, channel] of Object.entries(channelsOf)) {
    publish[name] = () => channel.sendToQueue('orders', content, { messageId: 'm-1' })
    await channel.consume('orders', (message) => channel.ack(message))
    const next = createIncoming(({ traceparent }) => ({ traceparent }))
    handle[name] = () => hollows[name].deliver('orders', next(), content)
  }
  return { publish, handle }
}
