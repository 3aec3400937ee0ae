import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { SpanKind, type Tracer } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { TracingOptions } from '@tracebaton/core'
import {
  createStreams,
  deadLetter,
  forEachMessage,
  redrive,
  retryLater,
  type StreamClient,
  type StreamMessage,
  traceStreams,
} from '../../../examples/stream-adapter/src/index.ts'
import { fails, type Kind, kindOf, MAX_ATTEMPTS } from './kinds.ts'
import type { Service, Services } from './services.ts'

/** The services that orders go through. */
export const SERVICES = ['shop', 'billing', 'mailer', 'support', 'audit'] as const

type ServiceName = (typeof SERVICES)[number]

/** An order, and what is to become of it. */
export interface Order {
  readonly id: string
  readonly kind: Kind
}

/** How orders are sent. */
export interface JourneysOptions {
  readonly services: Services<ServiceName>
  /** How many. */
  readonly count: number
  /** What their ids begin with. */
  readonly name: string
  readonly tracing: TracingOptions
  /** ms that an order of the kind `slow` waits. */
  readonly slow: number
}

/** Orders that have come to their end. */
export interface Journeys {
  readonly orders: readonly Order[]
  /** The order that a message of this id belongs to. */
  readonly orderOf: ReadonlyMap<string, string>
}

const current = new AsyncLocalStorage<string>()

/** Notes on each span which order it is about, where that is known when the span starts. */
export const orderNoting: SpanProcessor = {
  onStart(span) {
    const id = current.getStore()
    if (id !== undefined) span.setAttribute('order.id', id)
  },
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

/**
 * Sends orders through a shop, billing, a mailer and the people who look after dead letters, over streams in memory, and
 * waits until each has come to its end. Billing tells an audit, too, which reads in batches.
 */
export async function sendOrders({ services, count, name, tracing, slow }: JourneysOptions): Promise<Journeys> {
  const orders = Array.from({ length: count }, (_, index) => ({ id: `${name}-${index}`, kind: kindOf(index) }))
  const kinds = new Map(orders.map(({ id, kind }) => [id, kind]))
  const orderOf = new Map<string, string>()
  const streams = noting(late(createStreams(), kinds, slow), orderOf)
  for (const stream of ['orders', 'orders-dead', 'emails', 'emails-dead', 'audit']) streams.addStream(stream)
  const connect = (service: ServiceName): Connection => connection(streams, services.of[service], tracing)
  const ended = endOf(orders)
  const audited = endOf(orders.filter(({ kind }) => kind !== 'dead'))
  const consumers = [
    billing(connect('billing'), kinds),
    mailer(connect('mailer'), kinds, ended.end),
    support(connect('support'), kinds, ended.end),
    audit(connect('audit'), audited.end),
  ].flat()
  const shop = connect('shop')
  for (const { id } of orders) {
    await current.run(id, () =>
      shop.tracer.startActiveSpan('POST /orders', { kind: SpanKind.SERVER }, async (span) => {
        await shop.streams.publish('orders', { body: id })
        span.end()
      }),
    )
    await pause(2)
  }
  await Promise.all([ended.all, audited.all])
  await Promise.all(consumers.map((consumer) => consumer.close()))
  return { orders, orderOf }
}

type Kinds = ReadonlyMap<string, Kind>
type Consumer = ReturnType<StreamClient['consumer']>

interface Connection {
  readonly streams: StreamClient
  readonly tracer: Tracer
}

function connection(streams: StreamClient, { tracerProvider, meterProvider }: Service, tracing: TracingOptions) {
  const traced = traceStreams(streams, { ...tracing, tracerProvider, meterProvider })
  return { streams: traced, tracer: tracerProvider.getTracer('application') }
}

function billing({ streams, tracer }: Connection, kinds: Kinds): Consumer[] {
  const attempts = new Map<string, number>()
  return [
    consume(streams, 'orders', 'billing', async (message) => {
      const id = message.body
      await tracer.startActiveSpan('POST bank/charge', { kind: SpanKind.CLIENT }, async (span) => {
        await pause(3)
        span.end()
      })
      if (await failed(streams, message, kinds, 'payment', attempts)) return
      await streams.publish('emails', { body: id })
      await streams.publish('audit', { body: id })
    }),
  ]
}

function mailer({ streams }: Connection, kinds: Kinds, end: (id: string) => void): Consumer[] {
  const attempts = new Map<string, number>()
  return [
    consume(streams, 'emails', 'mailer', async (message) => {
      await pause(3)
      if (!(await failed(streams, message, kinds, 'mail', attempts))) end(message.body)
    }),
  ]
}

function support({ streams }: Connection, kinds: Kinds, end: (id: string) => void): Consumer[] {
  return [
    consume(streams, 'orders-dead', 'support', async (message) => {
      await pause(3)
      if (kinds.get(message.body) === 'redriven') await redrive(streams, message, { to: 'orders' })
      else end(message.body)
    }),
    consume(streams, 'emails-dead', 'support', async (message) => {
      await pause(3)
      end(message.body)
    }),
  ]
}

function audit({ streams }: Connection, end: (id: string) => void): Consumer {
  const consumer = streams.consumer('audit', 'audit')
  consumer.consumeBatch(async (batch) => {
    await forEachMessage(batch, async (message) => {
      message.ack()
    })
    await pause(20)
    for (const { body } of batch) end(body)
  })
  return consumer
}

/** Each message is about one order, and is acknowledged once it is handled, or has gone elsewhere. */
function consume(
  streams: StreamClient,
  stream: string,
  name: string,
  handle: (message: StreamMessage) => Promise<void>,
): Consumer {
  const consumer = streams.consumer(stream, name)
  consumer.consume(
    (message) =>
      current.run(message.body, async () => {
        await handle(message)
        message.ack()
      }),
    20,
  )
  return consumer
}

/** Whether this attempt fails, as its kind wants it. Then the message is to be tried again, or is a dead letter. */
async function failed(
  streams: StreamClient,
  message: StreamMessage,
  kinds: Kinds,
  where: 'payment' | 'mail',
  attempts: Map<string, number>,
): Promise<boolean> {
  const attempt = (attempts.get(message.body) ?? 0) + 1
  attempts.set(message.body, attempt)
  if (!fails(kinds.get(message.body) ?? 'good', where, attempt)) return false
  const error = new TypeError(`no ${where}`)
  if (attempt < MAX_ATTEMPTS) await retryLater(streams, message, { delay: 50, error })
  else await deadLetter(streams, message, { to: `${message.info.stream}-dead`, error })
  return true
}

/** Orders of the kind `slow` come late the first time, without a delay that was asked for: so they wait in the queue. */
function late(streams: StreamClient, kinds: Kinds, slow: number): StreamClient {
  const publish: StreamClient['publish'] = (stream, message) => {
    const waits = stream === 'orders' && kinds.get(message.body) === 'slow'
    return streams.publish(stream, waits ? { ...message, delay: slow } : message)
  }
  return over(streams, { publish })
}

/** Notes which order each message is about. */
function noting(streams: StreamClient, orderOf: Map<string, string>): StreamClient {
  const publish: StreamClient['publish'] = async (stream, message) => {
    const ack = await streams.publish(stream, message)
    orderOf.set(`${ack.stream}:${ack.sequence}`, message.body)
    return ack
  }
  return over(streams, { publish })
}

function over(streams: StreamClient, members: Partial<StreamClient>): StreamClient {
  return {
    publish: (...args) => streams.publish(...args),
    publishAll: (...args) => streams.publishAll(...args),
    addStream: (name) => streams.addStream(name),
    consumer: (...args) => streams.consumer(...args),
    ...members,
  }
}

/** Waits for some orders. */
function endOf(orders: readonly Order[]): { readonly all: Promise<void>; readonly end: (id: string) => void } {
  const waiting = new Set(orders.map(({ id }) => id))
  const end = new EventEmitter()
  return {
    all: once(end, 'all').then(() => undefined),
    end(id) {
      waiting.delete(id)
      if (waiting.size === 0) end.emit('all')
    },
  }
}
