import { SendMessageCommand, type Message } from '@aws-sdk/client-sqs'
import { sweepCarriers } from '../../core/test/carrier-sweep.ts'
import { traceHandler, traceSqs } from '../src/index.ts'
import { createHollow } from './hollow.ts'

/** The same bag as attributes: texts and bytes as the service has them, everything else where an attribute is expected. */
function attributesOf(carrier: unknown): unknown {
  if (typeof carrier !== 'object' || carrier === null) return carrier
  if (!Object.values(Object.getOwnPropertyDescriptors(carrier)).every((one) => 'value' in one)) return carrier
  return Object.fromEntries(Object.entries(carrier).map(([name, value]) => [name, attributeOf(value)]))
}

function attributeOf(value: unknown): unknown {
  if (typeof value === 'string') return { DataType: 'String', StringValue: value }
  return value instanceof Uint8Array ? { DataType: 'Binary', BinaryValue: value } : value
}

/** A bag that cannot be looked at stands where attributes are expected as it is. */
function attributes(carrier: unknown): never {
  try {
    return attributesOf(carrier) as never
  } catch {
    return carrier as never
  }
}

let latest = 0
// One client without tracing, and one for each trust: the client takes its time.
const bare = createHollow()
const traced = new Map<unknown, ReturnType<typeof createHollow>>()

sweepCarriers('client-sqs', {
  process(carrier, handler, options) {
    const message: Message = {
      MessageId: `hostile-${(latest += 1)}`,
      ReceiptHandle: `receipt-${latest}`,
      Body: 'order',
      MessageAttributes: attributes(carrier),
    }
    return (options === undefined ? () => handler() : traceHandler(() => handler(), options))(message)
  },
  async send(carrier, options) {
    let hollow = options === undefined ? bare : traced.get(options.trust)
    if (hollow === undefined) {
      traced.set(options?.trust, (hollow = createHollow()))
      traceSqs(hollow.client, options)
    }
    hollow.sent.length = 0
    const { client, QueueUrl, sent } = hollow
    await client.send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'order', MessageAttributes: attributes(carrier) }),
    )
    return [sent.length, sent[0]?.MessageBody]
  },
})
