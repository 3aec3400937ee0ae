// What a program loads that has the official instrumentations of three clients.
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib'
import { AwsInstrumentation } from '@opentelemetry/instrumentation-aws-sdk'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'

export const instrumentations = [AmqplibInstrumentation, AwsInstrumentation, KafkaJsInstrumentation].map(
  (Instrumentation) => new Instrumentation({ enabled: true }),
)
