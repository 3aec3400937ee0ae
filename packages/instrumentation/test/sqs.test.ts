import { trace } from '@opentelemetry/api'
import { traceSqs } from '@tracebaton/sqs'
import { describe, expect, it } from 'vitest'
import { SqsInstrumentation } from '../src/index.ts'
import type { HollowConsumer, HollowSqs, HollowSqsClient } from './clients.ts'
import { installer } from './installed.ts'
import { recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()
const load = (): HollowSqs => install().require('@aws-sdk/client-sqs') as HollowSqs

const input = { QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/orders', MessageBody: 'one' }

describe('a client of the patched module', () => {
  it('traces what it sends, whichever of the two classes it is of', async () => {
    const { names } = recorded(new SqsInstrumentation())
    const { SQS, SQSClient, SendMessageCommand } = load()
    for (const Client of [SQS, SQSClient]) {
      const client = new Client({})
      await client.send(new SendMessageCommand(input))
      expect(client.requests).toMatchObject([{ MessageAttributes: { traceparent: {} } }])
    }
    expect(names()).toEqual(['send orders', 'send orders'])
  })

  it('is what it was', () => {
    recorded(new SqsInstrumentation())
    const { SQS, SQSClient } = load()
    class Mine extends SQSClient {
      #secret = 'kept'
      get secret() {
        return this.#secret
      }
    }
    const mine = new Mine({ region: 'here' })
    expect([mine.secret, mine instanceof Mine, mine instanceof SQSClient]).toEqual(['kept', true, true])
    expect([mine.constructor, new SQS({}).constructor, new SQSClient({}).constructor]).toEqual([Mine, SQS, SQSClient])
    expect(mine.config).toMatchObject({ region: 'here' })
    expect(new SQS({})).toBeInstanceOf(SQSClient)
    expect([SQS.name, SQSClient.name, SQSClient.length]).toEqual(['SQS', 'SQSClient', 1])
  })

  it('has one span of each call where it is wrapped by hand as well', async () => {
    const { names, tracerProvider } = recorded(new SqsInstrumentation())
    const { SQSClient, SendMessageCommand } = load()
    const client = traceSqs<HollowSqsClient>(new SQSClient({}), { tracerProvider })
    await client.send(new SendMessageCommand(input))
    expect(names()).toEqual(['send orders'])
  })
})

const handleMessage = () => trace.getActiveSpan() !== undefined

function errorOf(Class: HollowConsumer['Consumer']): unknown {
  try {
    return new Class(undefined as never)
  } catch (error) {
    return String(error)
  }
}

describe('a Consumer of the patched sqs-consumer', () => {
  const message = { MessageId: '1', ReceiptHandle: 'r', Body: 'one' }

  it.each(['new', 'create'])('traces its handler: %s', (way) => {
    const { names, tracerProvider } = recorded(new SqsInstrumentation())
    const { Consumer } = install().require('sqs-consumer') as HollowConsumer
    trace.setGlobalTracerProvider(tracerProvider)
    const options = Object.freeze({ queueUrl: input.QueueUrl, handleMessage })
    const consumer = way === 'new' ? new Consumer(options) : Consumer.create(options)
    expect(consumer).toBeInstanceOf(Consumer)
    expect(consumer.handle(message)).toBe(true)
    expect(names()).toEqual(['process orders'])
  })

  it.each([
    { of: 'the message', result: message, outcome: 'acked' },
    { of: 'nothing', result: undefined, outcome: 'requeued' },
    { of: 'something else', result: { orders: 1 }, outcome: 'requeued' },
    {
      of: 'nothing, where all are deleted',
      result: undefined,
      settings: { alwaysAcknowledge: true },
      outcome: 'acked',
    },
    { of: 'nothing, before version 14', result: undefined, settings: { strictReturn: undefined }, outcome: 'acked' },
  ])('knows what becomes of a message whose handler returns $of', ({ result, settings, outcome }) => {
    const { spans, tracerProvider } = recorded(new SqsInstrumentation())
    const { Consumer } = install().require('sqs-consumer') as HollowConsumer
    trace.setGlobalTracerProvider(tracerProvider)
    const consumer = new Consumer({ queueUrl: input.QueueUrl, handleMessage: () => result })
    Object.assign(consumer, { strictReturn: false, ...settings })
    expect(consumer.handle(message)).toBe(result)
    expect(spans()).toMatchObject([{ attributes: { 'tracebaton.delivery.outcome': outcome } }])
  })

  it('knows that a message stays in its queue if the consumer has waited for its handler for too long', async () => {
    const { spans, tracerProvider } = recorded(new SqsInstrumentation())
    const { Consumer } = install().require('sqs-consumer') as HollowConsumer
    trace.setGlobalTracerProvider(tracerProvider)
    const slow = async (handled: object): Promise<object> => {
      if (handled === message) consumer.emit('timeout_error', new Error('too long'), handled)
      return handled
    }
    const consumer = new Consumer({ queueUrl: input.QueueUrl, handleMessage: slow, handleMessageTimeout: 10 })
    await consumer.handle(message)
    await consumer.handle({ ...message })
    expect(spans().map(({ attributes }) => attributes['tracebaton.delivery.outcome'])).toEqual(['requeued', 'acked'])
  })

  it('traces its batch handler, by the span of the batch', () => {
    const { spans, tracerProvider } = recorded(new SqsInstrumentation())
    const { Consumer } = install().require('sqs-consumer') as HollowConsumer
    trace.setGlobalTracerProvider(tracerProvider)
    const consumer = new Consumer({ queueUrl: input.QueueUrl, handleMessageBatch: handleMessage })
    expect(consumer.handleBatch([message, { ...message, MessageId: '2' }])).toBe(true)
    expect(spans()).toMatchObject([{ name: 'process orders', attributes: { 'messaging.batch.message_count': 2 } }])
  })

  it('leaves to the client what it cannot take', () => {
    recorded(new SqsInstrumentation())
    const { Consumer } = install().require('sqs-consumer') as HollowConsumer
    expect(errorOf(Consumer)).toBe(errorOf(Object.getPrototypeOf(Consumer)))
    expect(new Consumer({ handleMessageBatch: 1 })).toHaveProperty('handleBatch', 1)
  })
})
