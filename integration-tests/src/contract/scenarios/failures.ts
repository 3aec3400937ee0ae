import { metrics, trace } from '@opentelemetry/api'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Client, Input } from '../fixture.ts'
import { contextOn, only } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'

/** How a call failed: what it rejected with, or threw at once. */
async function failureOf(call: () => Promise<unknown>, described = describe): Promise<unknown> {
  let promise: Promise<unknown>
  try {
    promise = call()
  } catch (error) {
    return { thrown: described(error) }
  }
  return promise.then(
    () => 'no failure',
    (error: unknown) => ({ rejected: described(error) }),
  )
}

function describe(error: unknown): unknown {
  return error instanceof Error ? { name: error.name, class: error.constructor.name } : error
}

const fail = (): never => {
  throw new Error('Telemetry is broken')
}

/** Whose failure is whose. */
export const failureScenarios: readonly Scenario[] = [
  {
    name: 'a send that the broker refuses fails as it does without tracing, and its span says so',
    async run(stage) {
      const [client, plain] = [await stage.client(), await stage.plain()]
      const send = (sender: Client) => () => sender.send(stage.fixture.impossible, stage.fixture.message('lost'))
      const failure = await failureOf(send(client))
      expect(failure).not.toBe('no failure')
      expect(failure).toEqual(await failureOf(send(plain)))
      const span = only(stage.recorder.spans)
      assertSpan(span, { kind: 'producer', status: 'error', attributes: { 'error.type': expect.any(String) } })
      expect(await stage.metering.counted('messaging.client.sent.messages', { 'error.type': undefined })).toBe(0)
    },
  },
  {
    name: 'an input that is none gets the client’s own error',
    async run(stage) {
      const [client, plain] = [await stage.client(), await stage.plain()]
      const destination = await stage.destination()
      for (const garbage of [undefined, null, {}]) {
        const send = (sender: Client) => () => sender.send(destination, garbage as Input)
        expect(await failureOf(send(client))).toEqual(await failureOf(send(plain)))
      }
      // Whether there is anything to report depends on how far one gets with garbage.
      stage.failures.splice(0)
    },
  },
  {
    name: 'the client’s error about an input that is none has the words that it has without tracing',
    async run(stage) {
      const [client, plain] = [await stage.client(), await stage.plain()]
      const destination = await stage.destination()
      for (const garbage of [undefined, null, {}]) {
        const words = async (sender: Client): Promise<unknown> => {
          const failure = await failureOf(() => sender.send(destination, garbage as Input), String)
          // A client may number its requests.
          return JSON.stringify(failure).replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, '<id>')
        }
        expect(await words(client)).toBe(await words(plain))
      }
      // Whether there is anything to report depends on how far one gets with garbage.
      stage.failures.splice(0)
    },
  },
  {
    name: 'broken telemetry changes nothing for a send or for a handler',
    async run(stage) {
      const broken = new Proxy({}, { get: () => fail })
      const hooks = { onSend: fail, onReceive: fail, onProcess: fail, onSettle: fail }
      const client = await stage.client({
        hooks,
        propagator: { inject: fail, extract: fail, fields: fail },
        tracerProvider: { getTracer: () => broken as ReturnType<typeof trace.getTracer> },
        meterProvider: { getMeter: () => broken as ReturnType<typeof metrics.getMeter> },
        relation: fail,
        trust: fail,
        destinationTemplate: fail,
      })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one', { region: 'north' })
      const calls = await stage.handle(client, destination)
      expect(only(await calls.begun(1)).body).toBe('one')
      await stage.close()
      expect(stage.failures.splice(0)).not.toEqual([])
    },
  },
  {
    name: 'a trust policy that fails believes nothing',
    provokes: ['connected'],
    async run(stage) {
      const client = await stage.client({ trust: fail })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      contextOn(attempt!)
      assertSpan(attempt!.span, { parent: 'none', links: [] })
      expect(stage.failures.splice(0)).not.toEqual([])
    },
  },
]
