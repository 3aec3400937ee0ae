import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, GetMessage, RecoveringChannelModel } from 'amqplib'
import type * as callback from 'amqplib/callback_api'
import { expect, expectTypeOf, test } from 'vitest'
import type { ChannelLike, ConnectionLike, MessageLike } from '../src/client.ts'
import { traceChannel, traceConnection, traceHandler } from '../src/index.ts'
import { createHollow } from './hollow.ts'

test('the types of amqplib fit the structure that is asked for', () => {
  expectTypeOf<Channel>().toExtend<ChannelLike>()
  expectTypeOf<ConfirmChannel>().toExtend<ChannelLike>()
  expectTypeOf<callback.Channel>().toExtend<ChannelLike>()
  expectTypeOf<callback.ConfirmChannel>().toExtend<ChannelLike>()
  expectTypeOf<ChannelModel>().toExtend<ConnectionLike>()
  expectTypeOf<RecoveringChannelModel>().toExtend<ConnectionLike>()
  expectTypeOf<callback.Connection>().toExtend<ConnectionLike>()
  expectTypeOf<callback.RecoveringConnection>().toExtend<ConnectionLike>()
  expectTypeOf<ConsumeMessage>().toExtend<MessageLike>()
  expectTypeOf<GetMessage>().toExtend<MessageLike>()
  expect(createHollow().channel).toHaveProperty('ack')
})

test('the older types of amqplib fit as well, whose callbacks have to be given', () => {
  type Ended = (error: unknown) => void
  type Older<Of> = Omit<Of, 'close' | 'recover'> & { close(ended: Ended): void; recover(ended: Ended): void }
  expectTypeOf<Older<callback.Channel>>().toExtend<ChannelLike>()
  expectTypeOf<Older<callback.ConfirmChannel>>().toExtend<ChannelLike>()
  expectTypeOf<Older<callback.Connection>>().toExtend<ConnectionLike>()
  expect(createHollow('callback').channel).toHaveProperty('close')
})

test('wrapping gives the same type back', () => {
  const { channel } = createHollow()
  expectTypeOf(traceChannel(channel)).toEqualTypeOf<Channel>()
  expectTypeOf(traceChannel(createHollow('callback', 'confirm').channel)).toEqualTypeOf<callback.ConfirmChannel>()
  expectTypeOf(traceConnection<RecoveringChannelModel>).returns.toEqualTypeOf<RecoveringChannelModel>()
  // @ts-expect-error -- a channel makes no channels
  expectTypeOf(traceConnection).toBeCallableWith(channel)
  expect(traceChannel(channel)).toBeInstanceOf(channel.constructor)
})

test('the parameters of handlers are inferred', () => {
  const handle = traceHandler(async (message: ConsumeMessage, more: number) => `${message.fields.consumerTag}${more}`)
  expectTypeOf(handle).toEqualTypeOf<(message: ConsumeMessage, more: number) => Promise<string>>()
  expect(handle).toBeTypeOf('function')
})
