import { randomUUID } from 'node:crypto'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
  type Message,
} from '@aws-sdk/client-sqs'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { assertSpan, createRecorder, type RecordedSpan } from '@tracebaton/testing'
import { deadLetter, traceHandler, traceSqs } from '@tracebaton/sqs'
import { beforeAll, inject, test } from 'vitest'
import { pollQueue } from '../src/adapters/sqs-polling.ts'
import { only, operations } from '../src/contract/expectations.ts'
import { deferred } from '../src/contract/deferred.ts'
import { OrderError } from '../src/contract/order-error.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

/** Two queues, of which one takes what the other gives up after two receives; and a client that is traced. */
async function setUp() {
  const recorder = createRecorder()
  const options = { tracerProvider: new BasicTracerProvider({ spanProcessors: [recorder] }) }
  const endpoint = inject('brokers').sqs
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const connect = (): SQSClient => new SQSClient({ endpoint, region: 'eu-west-1', credentials })
  const [client, untraced] = [traceSqs(connect(), options), connect()]
  const create = async (name: string, RedrivePolicy?: string): Promise<{ url: string; arn: string; name: string }> => {
    const QueueName = `${name}-${randomUUID()}`
    const Attributes = RedrivePolicy === undefined ? {} : { RedrivePolicy }
    await client.send(new CreateQueueCommand({ QueueName, Attributes }))
    const url = `${endpoint}/000000000000/${QueueName}`
    const told = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))
    return { url, arn: told.Attributes?.['QueueArn'] ?? '', name: QueueName }
  }
  const dead = await create('dead')
  const orders = await create('orders', JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }))
  const consume = (url: string, handler: (message: Message) => unknown) => {
    const traced = traceHandler(async (message: Message) => handler(message), { ...options, maxReceiveCount: 2 })
    return pollQueue(client, { QueueUrl: url, MaxNumberOfMessages: 1 }, async ([message]) => {
      await traced(message!)
    })
  }
  const attemptsOn = (name: string, count: number): Promise<readonly RecordedSpan[]> =>
    recorder.until(
      (spans) => {
        const found = operations(spans, 'process', name)
        return found.length >= count && found
      },
      { timeout: 30_000, describe: `${count} attempts on ${name}` },
    )
  const moveBack = () =>
    client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: orders.arn }))
  return { client, untraced, recorder, dead, orders, consume, attemptsOn, moveBack }
}

test('a message that the redrive policy gave up, and a move task brought back, counts from one and knows its send', async () => {
  const { client, recorder, dead, orders, consume, attemptsOn, moveBack } = await setUp()
  await client.send(new SendMessageCommand({ QueueUrl: orders.url, MessageBody: 'order' }))
  let calls = 0
  const working = consume(orders.url, () => {
    calls += 1
    if (calls < 3) throw new OrderError('no stock')
  })
  const [, second] = await attemptsOn(orders.name, 2)
  assertSpan(second, { attempt: 2, outcome: 'dead_lettered' })

  // Somebody looks at the dead letter, and leaves it.
  const looking = consume(dead.url, () => {
    throw new OrderError('not now')
  })
  const [letter] = await attemptsOn(dead.name, 1)
  await looking[Symbol.asyncDispose]()
  assertSpan(letter, { attempt: 1, deliveryKind: 'dead_letter', links: { previous_attempt: [second!] } })

  await moveBack()
  const [, , back] = await attemptsOn(orders.name, 3)
  const send = only(operations(recorder.spans, 'send', orders.name))
  assertSpan(back, { parent: send, attempt: 1, outcome: 'acked', links: { creation: [send] } })
  await working[Symbol.asyncDispose]()
  client.destroy()
})

test('an attempt that succeeds while its message is handled as a dead letter is abandoned', async () => {
  const { client, untraced, dead, orders, consume, attemptsOn } = await setUp()
  await client.send(new SendMessageCommand({ QueueUrl: orders.url, MessageBody: 'order' }))
  const died = deferred()
  let calls = 0
  // As if its visibility had run out.
  const loseIt = ({ ReceiptHandle }: Message) =>
    untraced.send(new ChangeMessageVisibilityCommand({ QueueUrl: orders.url, ReceiptHandle, VisibilityTimeout: 0 }))
  const working = consume(orders.url, async (message) => {
    calls += 1
    if (calls === 1) throw new OrderError('no stock')
    await loseIt(message)
    // The queue gives up a message when it is asked for the next.
    await untraced.send(new ReceiveMessageCommand({ QueueUrl: orders.url }))
    await died.promise
  })
  const looking = consume(dead.url, () => {})
  const [letter] = await attemptsOn(dead.name, 1)
  died.resolve()
  const [, late] = await attemptsOn(orders.name, 2)
  assertSpan(late, { attempt: 2, outcome: 'abandoned', status: 'unset' })
  assertSpan(letter, {
    attempt: 1,
    deliveryKind: 'dead_letter',
    outcome: 'acked',
    links: { previous_attempt: [late!] },
  })
  await Promise.all([working, looking].map((polling) => polling[Symbol.asyncDispose]()))
  client.destroy()
})

test('a message that the application gave up, and a move task brought back, is a redrive', async () => {
  const { client, dead, orders, consume, attemptsOn, moveBack } = await setUp()
  await client.send(new SendMessageCommand({ QueueUrl: orders.url, MessageBody: 'order' }))
  let calls = 0
  const working = consume(orders.url, (message) => {
    calls += 1
    return calls === 1 ? deadLetter(client, message, { to: dead.url, error: new OrderError('no stock') }) : undefined
  })
  const [first] = await attemptsOn(orders.name, 1)
  await moveBack()
  const [, back] = await attemptsOn(orders.name, 2)
  assertSpan(back, {
    attempt: 1,
    deliveryKind: 'redrive',
    links: { previous_attempt: [first!] },
    attributes: { 'tracebaton.delivery.redrives': 1 },
  })
  await working[Symbol.asyncDispose]()
  client.destroy()
})
