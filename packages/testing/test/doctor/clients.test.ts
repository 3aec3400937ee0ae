import { expect, test, vi } from 'vitest'
import { diagnose } from '../../src/doctor/diagnose.ts'

async function found(...clients: unknown[]): Promise<string[]> {
  const diagnoses = await diagnose({ folder: import.meta.dirname, process: false, clients })
  return diagnoses
    .filter(({ id }) => id === 'bullmq-telemetry' || id === 'sqs-attributes')
    .map(({ state, finding }) => `${state}: ${finding}`)
}

/** The fields of a BullMQ worker by which it is known. */
const worker = (name: string, opts: object): object => ({ name, opts, processFn: () => {} })

const sqsClient = (...names: string[]): object => ({
  config: { serviceId: 'SQS' },
  middlewareStack: { identify: () => names },
})

test('a BullMQ worker is ill without telemetry', async () => {
  expect(await found(worker('orders', {}), worker('emails', { telemetry: {} }))).toEqual([
    'ill: The BullMQ worker of orders has no telemetry: the context on its jobs is not read.',
    'well: The BullMQ worker of emails has telemetry.',
  ])
})

test('an SQS client is ill without tracebaton', async () => {
  expect(await found(sqsClient('tracebaton - initialize'), sqsClient('serializer'))).toEqual([
    'well: The SQS client asks for the context of its messages.',
    'ill: The SQS client is not traced: what it receives has its context only where the call asks for it.',
  ])
})

test('a client of another kind says nothing, and no getter of it runs', async () => {
  const touched = vi.fn<() => void>()
  const names = ['opts', 'middlewareStack', 'config', 'name', 'processFn']
  const getters = Object.fromEntries(names.map((name) => [name, { get: touched, enumerable: true }]))
  const thrower = new Proxy(
    {},
    {
      getOwnPropertyDescriptor() {
        throw new Error('not for you')
      },
    },
  )
  const odd = [null, undefined, 7, 'kafka', () => {}, thrower, { middlewareStack: null, config: { serviceId: 'SQS' } }]
  expect(await found(Object.defineProperties({}, getters), { opts: {}, name: 'no worker' }, ...odd)).toEqual([
    'ill: The SQS client is not traced: what it receives has its context only where the call asks for it.',
  ])
  expect(touched).not.toHaveBeenCalled()
})
