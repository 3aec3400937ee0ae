import { ill, well, type Diagnosis } from './diagnosis.ts'

/** Says of each client whether it is traced. Reads own data fields only, because a getter could do anything. Never throws. */
export function diagnoseClients(clients: readonly unknown[]): Diagnosis[] {
  return clients.flatMap((client) => {
    try {
      return [diagnoseWorker(client) ?? diagnoseSqs(client) ?? []].flat()
    } catch {
      return []
    }
  })
}

function diagnoseWorker(client: unknown): Diagnosis | undefined {
  const options = own(client, 'opts')
  if (options === undefined || typeof own(client, 'processFn') !== 'function') return undefined
  const worker = `The BullMQ worker of ${String(own(client, 'name'))}`
  if (own(options, 'telemetry') !== undefined) return well('bullmq-telemetry', `${worker} has telemetry.`)
  return ill(
    'bullmq-telemetry',
    `${worker} has no telemetry: the context on its jobs is not read.`,
    "new Worker(name, traceHandler(processor), { telemetry: bullmqTelemetry(), … }), from '@tracebaton/bullmq'.",
  )
}

function diagnoseSqs(client: unknown): Diagnosis | undefined {
  const stack = own(client, 'middlewareStack')
  if (own(own(client, 'config'), 'serviceId') !== 'SQS') return undefined
  const identify = own(stack, 'identify')
  const middlewares = typeof identify === 'function' ? Reflect.apply(identify, stack, []) : []
  if (String(middlewares).includes('tracebaton')) {
    return well('sqs-attributes', 'The SQS client asks for the context of its messages.')
  }
  return ill(
    'sqs-attributes',
    'The SQS client is not traced: what it receives has its context only where the call asks for it.',
    "traceSqs(client), from '@tracebaton/sqs', asks for it; or list traceparent in MessageAttributeNames.",
  )
}

function own(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined
  return Object.getOwnPropertyDescriptor(object, key)?.value
}
