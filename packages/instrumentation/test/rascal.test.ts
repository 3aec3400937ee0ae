import { context, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { AmqplibInstrumentation } from '../src/index.ts'
import { installer } from './installed.ts'
import { createSdk, recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()

type Request = (answer: (error: unknown, channel: unknown) => void) => void
type Vhost = Readonly<Record<string, Request>>

interface Vhosts {
  create(config: object, components: object, created: (error: unknown, vhost: Vhost) => void): void
}

const load = (): Vhosts => install().require('rascal/lib/amqp/Vhost.js') as Vhosts
const channel = {}

const createVhost = (vhosts: Vhosts): Promise<Vhost> =>
  new Promise((resolve) => vhosts.create({ name: '/', channel }, {}, (_, vhost) => resolve(vhost)))

/** Asks for a channel in each of several spans at once, and gives in which span each answer came. */
async function answersOf(vhost: Vhost, request: string): Promise<unknown[]> {
  const tracer = createSdk().tracerProvider.getTracer('test')
  const asked = ['one', 'two', 'three'].map((name) => {
    const span = tracer.startSpan(name)
    return context.with(
      trace.setSpan(context.active(), span),
      () =>
        new Promise((resolve) => {
          vhost[request]!((_, lent) => resolve([trace.getActiveSpan() === span, lent === channel]))
        }),
    )
  })
  return Promise.all(asked)
}

const RIGHT = [true, true]
const WRONG = [false, true]

describe('a vhost of the patched rascal', () => {
  it.each(['borrowChannel', 'borrowConfirmChannel', 'getChannel', 'getConfirmChannel'])(
    'answers each request for a channel in its own context: %s',
    async (request) => {
      recorded(new AmqplibInstrumentation())
      const vhost = await createVhost(load())
      await expect(answersOf(vhost, request)).resolves.toEqual([RIGHT, RIGHT, RIGHT])
    },
  )

  it('answers as rascal does while nothing is traced', async () => {
    const { instrumentation } = recorded(new AmqplibInstrumentation())
    const vhost = await createVhost(load())
    instrumentation.disable()
    await expect(answersOf(vhost, 'borrowChannel')).resolves.toEqual([RIGHT, WRONG, WRONG])
  })

  it('is not there where rascal has made none', async () => {
    recorded(new AmqplibInstrumentation())
    const made = new Promise((resolve) => load().create({ name: '' }, {}, (...answer) => resolve(answer)))
    await expect(made).resolves.toEqual([new Error('no vhost'), undefined])
  })
})
