import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib'
import { connect } from 'amqplib'
import { channels } from '../amqp/hollow.js'
import { loadBuild } from '../builds.js'
import { setUp } from '../modes.js'

/** A connection, and a channel of it as an implementation traces it; that by hand wraps its calls itself. Every span is sampled. */
export async function connectAs(name, address) {
  setUp('sampled')
  if (name === 'official') new AmqplibInstrumentation({ enabled: true }).patchChannelModel(channels)
  const { traceChannel } = await loadBuild('amqp', name === 'before' ? 'before' : 'ours')
  const connection = await connect(address)
  const channel = await connection.createConfirmChannel()
  return { connection, channel: name === 'ours' || name === 'before' ? traceChannel(channel) : channel }
}
