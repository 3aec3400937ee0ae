import { context, trace, type ContextManager } from '@opentelemetry/api'
import { traceConnection } from '@tracebaton/amqp'
import { describe, expect, it } from 'vitest'
import { AmqplibInstrumentation } from '../src/index.ts'
import type { HollowAmqplib, HollowCallbacks, HollowChannel, HollowConnection, HollowManager } from './clients.ts'
import { installer } from './installed.ts'
import { createSdk, recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()

/** Publishes a message, and acknowledges it. */
async function exchange(channel: HollowChannel): Promise<void> {
  await channel.consume('orders', (message) => channel.ack(message))
  channel.sendToQueue('orders', Buffer.from('one'))
}

function fail(): never {
  throw new Error('no context')
}

const failing: ContextManager = { active: fail, with: fail, bind: fail, enable: () => failing, disable: () => failing }

const PUBLISHED = ['process orders', 'publish orders']

describe('a connection of the patched module', () => {
  it('traces its channels', async () => {
    const { names } = recorded(new AmqplibInstrumentation())
    const { connect } = install().require('amqplib') as HollowAmqplib
    const channel = await (await connect('amqp://localhost')).createChannel()
    await exchange(channel)
    expect(names().toSorted()).toEqual(PUBLISHED)
    expect(channel.published[0]?.headers).toHaveProperty('traceparent')
  })

  it('is traced with callbacks, which run in the context of the call', async () => {
    const { names } = recorded(new AmqplibInstrumentation())
    const { connect } = install().require('amqplib/callback_api') as HollowCallbacks
    const span = createSdk().tracerProvider.getTracer('test').startSpan('request')
    const active = trace.setSpan(context.active(), span)
    const opened = await context.with(
      active,
      () =>
        new Promise<{ connection: HollowConnection; in: unknown }>((resolve) => {
          connect('amqp://localhost', (_, connection) => resolve({ connection, in: trace.getActiveSpan() }))
        }),
    )
    expect(opened.in).toBe(span)
    await new Promise<void>((resolve, reject) => {
      opened.connection.createChannel((_, channel) => void exchange(channel).then(resolve, reject))
    })
    expect(names().toSorted()).toEqual(PUBLISHED)
  })

  it('is opened in no context, because it stays open', async () => {
    recorded(new AmqplibInstrumentation())
    const { connect } = install().require('amqplib') as HollowAmqplib
    const span = createSdk().tracerProvider.getTracer('test').startSpan('request')
    const connection = await context.with(trace.setSpan(context.active(), span), () => connect('amqp://localhost'))
    expect(connection.openedIn(() => trace.getActiveSpan())).toBeUndefined()
  })

  it('is opened in the context of the call while nothing is traced', async () => {
    const { instrumentation } = recorded(new AmqplibInstrumentation())
    const { connect } = install().require('amqplib') as HollowAmqplib
    instrumentation.disable()
    const span = createSdk().tracerProvider.getTracer('test').startSpan('request')
    const connection = await context.with(trace.setSpan(context.active(), span), () => connect('amqp://localhost'))
    expect(connection.openedIn(() => trace.getActiveSpan())).toBe(span)
  })

  it.each(['amqplib', 'amqplib/callback_api'])('is opened where the context manager fails: %s', async (module) => {
    recorded(new AmqplibInstrumentation())
    const { connect } = install().require(module) as HollowAmqplib & HollowCallbacks
    context.disable()
    context.setGlobalContextManager(failing)
    const opened = new Promise<HollowConnection>((resolve, reject) => {
      if (module === 'amqplib') connect('amqp://localhost').then(resolve, reject)
      else void connect('amqp://localhost', (_: unknown, connection: HollowConnection) => resolve(connection))
    })
    await expect(opened).resolves.toHaveProperty('createChannel')
  })

  it.each(['amqplib', 'amqplib/callback_api'])(
    'is traced in each form of set-up, and where it recovers: %s',
    async (module) => {
      const { names } = recorded(new AmqplibInstrumentation())
      const { connect } = install().require(module) as HollowAmqplib & HollowCallbacks
      const setUps = [
        async (connection: HollowConnection) => exchange(await connection.createChannel()),
        (connection: HollowConnection, done: () => void) => {
          connection.createChannel(async (_, channel) => {
            await exchange(channel)
            done()
          })
        },
      ]
      for (const setup of setUps) {
        const options = Object.freeze({ recovery: Object.freeze({ setup }) })
        // oxlint-disable-next-line no-await-in-loop
        const connection = await (module === 'amqplib'
          ? connect('amqp://localhost', options)
          : new Promise<HollowConnection | undefined>((resolve) => {
              const handle = connect('amqp://localhost', options, () => resolve(handle))
            }))
        // oxlint-disable-next-line no-await-in-loop
        await exchange(await connection!.createChannel())
      }
      expect(names().toSorted()).toEqual([...PUBLISHED, ...PUBLISHED, ...PUBLISHED, ...PUBLISHED].toSorted())
    },
  )

  it('has one span of each call where it is wrapped by hand as well', async () => {
    const { names, tracerProvider } = recorded(new AmqplibInstrumentation())
    const { connect } = install().require('amqplib') as HollowAmqplib
    const connection = traceConnection((await connect('amqp://localhost')) as never, {
      tracerProvider,
    }) as HollowConnection
    await exchange(await connection.createChannel())
    expect(names().toSorted()).toEqual(PUBLISHED)
  })

  it('comes from a function that looks like that of the module', () => {
    recorded(new AmqplibInstrumentation())
    const { connect, ...others } = install().require('amqplib') as HollowAmqplib
    expect([connect.name, connect.length, others]).toEqual(['connect', 2, { credentials: {} }])
  })
})

describe('a channel of the patched amqp-connection-manager', () => {
  it('publishes in the context in which it was asked to, once it is connected', async () => {
    const { spans, tracerProvider } = recorded(new AmqplibInstrumentation())
    const installed = install()
    const { connect } = installed.require('amqplib') as HollowAmqplib
    const manager = installed.require('amqp-connection-manager') as HollowManager
    const channel = manager.createChannel()
    const request = tracerProvider.getTracer('test').startSpan('request')
    context.with(trace.setSpan(context.active(), request), () => {
      channel.publish('', 'orders', Buffer.from('one'))
    })
    await channel.connect(await connect('amqp://localhost'))
    expect(spans()).toMatchObject([{ name: 'publish orders', parentSpanContext: request.spanContext() }])
  })
})
