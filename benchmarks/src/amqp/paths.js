import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib'
import { turn } from '../calls.js'
import { ownHeaders, writtenBy } from '../incoming.js'
import { consumeByHand, publishByHand } from './by-hand.js'
import { channels, createHollow } from './hollow.js'

/** Messages of one call: afterwards the channel gets a turn of the event loop, as it would from a socket. */
const MESSAGES = 100
const content = Buffer.from('order 1042')

/** The official instrumentation patches a module: this one, of its own. */
const patched = {
  Channel: class extends channels.Channel {},
  ConfirmChannel: class extends channels.ConfirmChannel {},
}
let instrumentation
function officialChannels() {
  if (instrumentation === undefined) {
    instrumentation = new AmqplibInstrumentation({ enabled: true })
    instrumentation.patchChannelModel(patched)
  }
  return patched
}

/** `publish` on a channel without confirmations. */
export function publish({ headers = 0 } = {}) {
  const over = (channel) => async () => {
    for (let index = 0; index < MESSAGES; index++) channel.publish('', 'orders', content, properties(headers))
    await turn()
  }
  return {
    messages: MESSAGES,
    bare: async () => over(createHollow().channel),
    byHand: async () => over(publishByHand(createHollow().channel)),
    official: async () => over(createHollow(officialChannels().Channel).channel),
    tracebaton: async ({ traceChannel }, options) => over(traceChannel(createHollow().channel, options)),
  }
}

/** `publish` on a channel with confirmations, which come together. */
export function confirm() {
  const over = (hollow, channel = hollow.channel) => {
    let [sent, confirmed] = [0, 0]
    const count = () => (confirmed += 1)
    return async () => {
      for (let index = 0; index < MESSAGES; index++) channel.publish('', 'orders', content, properties(0), count)
      sent += MESSAGES
      hollow.confirm(sent)
      await channel.waitForConfirms()
      if (confirmed !== sent) throw new Error(`${sent} sent, ${confirmed} confirmed`)
    }
  }
  const ofOurs = (trace) => {
    const hollow = createHollow(channels.ConfirmChannel)
    return over(hollow, trace(hollow.channel))
  }
  return {
    messages: MESSAGES,
    bare: async () => ofOurs((channel) => channel),
    byHand: async () => ofOurs(publishByHand),
    official: async () => over(createHollow(officialChannels().ConfirmChannel)),
    tracebaton: async ({ traceChannel }, options) => ofOurs((channel) => traceChannel(channel, options)),
  }
}

/** `consume` and `ack` in the handler. */
export function consume({ headers = 0 } = {}) {
  const over = async (hollow, channel, producer, handler) => {
    const next = await writtenBy(() =>
      hollow.published(() => producer.publish('', 'orders', content, properties(headers))),
    )
    await channel.consume('orders', handler ?? ((message) => channel.ack(message)))
    return async () => {
      for (let index = 0; index < MESSAGES; index++) hollow.deliver('orders', withOwnId(next()))
      await turn()
    }
  }
  const ofOurs = (trace, consumer) => {
    const hollow = createHollow()
    const channel = trace(hollow.channel)
    return over(hollow, consumer ? hollow.channel : channel, channel, consumer?.(hollow.channel))
  }
  return {
    messages: MESSAGES,
    bare: () => ofOurs((channel) => channel),
    byHand: () => ofOurs(publishByHand, consumeByHand),
    official: async () => {
      const hollow = createHollow(officialChannels().Channel)
      return over(hollow, hollow.channel, hollow.channel)
    },
    tracebaton: ({ traceChannel }, options) => ofOurs((channel) => traceChannel(channel, options)),
  }
}

let count = 0
const nextId = () => String(count++).padStart(9, '0')

function properties(headers) {
  const messageId = `m-${nextId()}`
  return headers === 0 ? { messageId } : { messageId, headers: ownHeaders(headers) }
}

/** The same message under an id that no other has had. */
function withOwnId(frames) {
  frames.latin1Write(nextId(), frames.lastIndexOf('m-') + 2)
  return frames
}

export const paths = {
  'amqp.publish': () => publish(),
  'amqp.confirm': () => confirm(),
  'amqp.consume': () => consume(),
}

/** Paths that may grow, by what grows. */
export const scaling = {
  'amqp.publish headers': (headers) => publish({ headers }),
  'amqp.consume headers': (headers) => consume({ headers }),
}
