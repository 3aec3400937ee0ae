import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow, type Hollow, type Kinds } from './hollow.ts'

beforeAll(useContexts)

const CONTEXT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

function channelOn(cluster: string): Hollow<Kinds['promise']['plain']> {
  const hollow = createHollow()
  Object.assign(hollow.channel.connection, { serverProperties: { cluster_name: cluster } })
  return hollow
}

test.each([
  ['another cluster is a new message', 'far', false],
  ['the same cluster, by another connection, is a retry', 'near', true],
])('a message that is sent on to a queue of the same name on %s', async (_, cluster, same) => {
  const [here, there] = [channelOn('near'), channelOn(cluster)]
  const { options, span } = createRecording()
  const [receiving, sending] = [traceChannel(here.channel, options), traceChannel(there.channel, options)]
  await receiving.consume('orders', (message) => {
    sending.sendToQueue('orders', message!.content, { headers: message!.properties.headers })
    receiving.ack(message!)
  })
  here.deliver({ headers: { traceparent: CONTEXT } })
  expect(there.published[0]?.headers['traceparent'] === CONTEXT).toBe(same)
  expect(span('publish orders').kind).toBe(same ? 'client' : 'producer')
})
