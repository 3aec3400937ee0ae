import type { Diagnosis } from './diagnosis.ts'
import { instrumentations } from './files.ts'
import { findLiveClients, type LiveClients } from './heap.ts'

/** What can be told from the clients that live in this process. */
export function diagnoseClients(): Diagnosis[] {
  const clients = findLiveClients()
  if (!clients) return []
  return [...diagnoseWorkers(clients), ...diagnoseSqs(clients), ...diagnoseInstrumentations(clients)]
}

function diagnoseWorkers({ workers }: LiveClients): Diagnosis[] {
  return workers.map(({ queue, telemetry }) =>
    telemetry
      ? { id: 'bullmq-telemetry', state: 'well', finding: `The BullMQ worker of ${queue} has telemetry.` }
      : {
          id: 'bullmq-telemetry',
          state: 'ill',
          finding: `The BullMQ worker of ${queue} has no telemetry: the context on its jobs is not read.`,
          advice:
            "new Worker(name, traceHandler(processor), { telemetry: bullmqTelemetry(), … }), from '@tracebaton/bullmq'.",
        },
  )
}

function diagnoseSqs({ sqsClients, receives }: LiveClients): Diagnosis[] {
  const untraced = sqsClients.filter(({ traced }) => !traced).length
  const advice = "traceSqs(client), from '@tracebaton/sqs', asks for it; or list traceparent in MessageAttributeNames."
  if (untraced === 0) {
    if (sqsClients.length === 0) return []
    return [{ id: 'sqs-attributes', state: 'well', finding: 'Every SQS client asks for the context of its messages.' }]
  }
  const blind = [...new Set(receives.filter(({ asked }) => !asked).map(({ queueUrl }) => queueUrl))]
  if (blind.length > 0) {
    return blind.map((queueUrl) => ({
      id: 'sqs-attributes',
      state: 'ill',
      finding: `A receive from ${withoutQuery(queueUrl)} is under way that does not ask for the context of its messages.`,
      advice,
    }))
  }
  return [
    {
      id: 'sqs-attributes',
      state: 'doubtful',
      finding: `${untraced} of ${sqsClients.length} SQS clients are not traced: what they receive has its context only where the call asks for it.`,
      advice,
    },
  ]
}

function diagnoseInstrumentations({ instrumentations: active }: LiveClients): Diagnosis[] {
  if (!usesTracebaton()) return []
  return [...new Set(active)].flatMap((name): Diagnosis[] => {
    const pair = instrumentations[name]
    if (!pair) return []
    const [client, ours] = pair
    return [
      {
        id: 'instrumentation',
        state: 'ill',
        finding: `${name} is active in a process that uses tracebaton: where both see ${client}, there are two spans for everything.`,
        advice: `Disable it where ${ours} is used: getNodeAutoInstrumentations({ '${name}': { enabled: false } }).`,
      },
    ]
  })
}

// Core keeps what there is one of in a process under symbols of this name.
function usesTracebaton(): boolean {
  return Object.getOwnPropertySymbols(globalThis).some((symbol) => symbol.description?.startsWith('tracebaton.'))
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
