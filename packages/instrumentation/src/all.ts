import { AmqplibInstrumentation, type AmqplibConfig } from './amqplib.ts'
import { BullMQInstrumentation, type BullMQConfig } from './bullmq.ts'
import type { TracebatonConfig } from './instrumentation.ts'
import { KafkaJsInstrumentation, type KafkaJsConfig } from './kafkajs.ts'
import { SqsInstrumentation, type SqsConfig } from './sqs.ts'

/** Options of {@link getTracebatonInstrumentations}: for all clients, and for each of them; `false`: it is not traced. */
export type TracebatonOptions = TracebatonConfig & {
  /** More options for amqplib; `false`: it is not traced. @default the options for all clients */
  readonly amqplib?: AmqplibConfig | false | undefined
  /** More options for BullMQ; `false`: it is not traced. @default the options for all clients */
  readonly bullmq?: BullMQConfig | false | undefined
  /** More options for kafkajs; `false`: it is not traced. @default the options for all clients */
  readonly kafkajs?: KafkaJsConfig | false | undefined
  /** More options for the SQS client; `false`: it is not traced. @default the options for all clients */
  readonly sqs?: SqsConfig | false | undefined
}

/** One of the instrumentations. */
export type TracebatonInstrumentation =
  | AmqplibInstrumentation
  | BullMQInstrumentation
  | KafkaJsInstrumentation
  | SqsInstrumentation

/** An instrumentation for each client. Those that a process does not load cost nothing. Never throws. */
export function getTracebatonInstrumentations(options: TracebatonOptions = {}): TracebatonInstrumentation[] {
  const { amqplib, bullmq, kafkajs, sqs, ...all } = Object(options) as TracebatonOptions
  return [
    ...(amqplib === false ? [] : [new AmqplibInstrumentation({ ...all, ...amqplib })]),
    ...(bullmq === false ? [] : [new BullMQInstrumentation({ ...all, ...bullmq })]),
    ...(kafkajs === false ? [] : [new KafkaJsInstrumentation({ ...all, ...kafkajs })]),
    ...(sqs === false ? [] : [new SqsInstrumentation({ ...all, ...sqs })]),
  ]
}
