import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { clean, cut } from '../text/display-text.ts'
import { ill, well, type Diagnosis } from './diagnosis.ts'
import type { Exchange, Headers } from './exchange.ts'
import { exchangeOverBullmq } from './round-trip-bullmq.ts'
import { exchangeOverKafka } from './round-trip-kafka.ts'
import { exchangeOverRabbitmq } from './round-trip-rabbitmq.ts'
import { exchangeOverSqs } from './round-trip-sqs.ts'

/** A broker to send a message through. What is made for it there (a topic, a queue) is taken away again. */
export interface RoundTripTarget {
  readonly system: 'kafka' | 'rabbitmq' | 'sqs' | 'bullmq'
  /**
   * `localhost:9092`, `amqp://localhost`, the endpoint of SQS, `localhost:6379`. The message is then sent with headers
   * written by hand, by the client library that the project has installed: it shows what the broker does to them.
   */
  readonly address?: string
  /**
   * A client of your own: a `Kafka`, a connection of amqplib, an `SQSClient`. The message is then sent within a span
   * context, and shows whether this client writes it. Not for BullMQ.
   */
  readonly client?: unknown
  /**
   * ms for all of it.
   *
   * @default 20_000
   */
  readonly timeout?: number
}

const exchanges: Readonly<Record<RoundTripTarget['system'], (exchange: Exchange) => Promise<Headers>>> = {
  kafka: exchangeOverKafka,
  rabbitmq: exchangeOverRabbitmq,
  sqs: exchangeOverSqs,
  bullmq: exchangeOverBullmq,
}

/** Sends one message with a context, receives it, and says what arrived. Never rejects. */
export async function diagnoseRoundTrip(target: RoundTripTarget, folder: string): Promise<Diagnosis> {
  const { system, address = '', client, timeout = 20_000 } = target
  const ids = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
  const fields = {
    traceparent: `00-${ids.traceId}-${ids.spanId}-01`,
    tracestate: 'doctor=tracebaton',
    baggage: 'tracebaton.doctor=1',
    tracebaton: `1;c=${ids.traceId}-${ids.spanId}-01`,
  }
  const where = address === '' ? `${system}, through the client given` : `${system} at ${withoutSecrets(address)}`
  const patience = new AbortController()
  const stopped = setTimeout(timeout, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`nothing arrived within ${timeout} ms`)
  })
  stopped.catch(() => {})
  const active = trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags: 1 })
  try {
    const exchange: Exchange = {
      stopped,
      load: (name) => createRequire(join(folder, 'any.js'))(name),
      address,
      client,
      fields: client === undefined ? fields : undefined,
      name: `tracebaton-doctor-${randomBytes(4).toString('hex')}`,
      within: (send) => (client === undefined ? send() : context.with(active, send)),
    }
    const arrived = textsOf(await exchanges[system](exchange))
    return client === undefined ? judgeBroker(where, fields, arrived) : judgeClient(where, ids.traceId, arrived)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return ill('round-trip', `${where}: no round trip: ${cut(clean(withoutSecrets(reason)), 300)}`)
  } finally {
    patience.abort()
  }
}

/** Header fields that arrived, by their names in lower case. */
type Arrived = Readonly<Record<string, string>>

function textsOf(headers: Headers): Arrived {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function judgeBroker(where: string, sent: Readonly<Record<string, string>>, arrived: Arrived): Diagnosis {
  const changes = Object.entries(sent).flatMap(([name, value]) => {
    const found = arrived[name]
    if (found === value) return []
    return [found === undefined ? `${name} did not arrive` : `${name} arrived as ${cut(clean(found), 100)}`]
  })
  if (changes.length === 0) {
    return well('round-trip', `${where}: ${Object.keys(sent).join(', ')} arrived as they were sent.`)
  }
  return ill(
    'round-trip',
    `${where}: ${changes.join('; ')}.`,
    'Something between producer and consumer drops or rewrites headers: a proxy, a bridge, a broker policy.',
  )
}

function judgeClient(where: string, traceId: string, arrived: Arrived): Diagnosis {
  const { traceparent } = arrived
  const names = ['traceparent', 'tracestate', 'baggage', 'tracebaton', 'awstraceheader']
  const present = names.filter((name) => arrived[name] !== undefined)
  if (traceparent?.includes(traceId)) {
    return well('round-trip', `${where}: the active trace arrived (${present.join(', ')}).`)
  }
  return ill(
    'round-trip',
    traceparent === undefined
      ? `${where}: the message arrived without traceparent.`
      : `${where}: the message arrived with the context of another trace: ${cut(clean(traceparent), 100)}.`,
    'Wrap this client (traceKafka, traceConnection, traceSqs), and register a context manager.',
  )
}

function withoutSecrets(text: string): string {
  return text.replace(/(^|\/\/)[^/@\s]*@/g, '$1')
}
