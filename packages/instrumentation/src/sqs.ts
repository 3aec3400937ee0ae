import type { SqsClientLike } from '@tracebaton/sqs'
import { classIn, withExports, type AnyClass } from './exports.ts'
import { ClientInstrumentation, type ClientParts, type TracebatonConfig } from './instrumentation.ts'
import { packages } from './packages.ts'
import { spared, tracingFor, wishFor } from './say.ts'
import { SQS_CONSUMER } from './sqs-consumer.ts'

/**
 * The class itself, but each new object is traced, through its own middleware stack. It is no subclass, because an `SQS`
 * has to be an `SQSClient` still.
 */
function tracedClient(Original: AnyClass): AnyClass {
  const tracing = tracingFor('sqs')
  const { leaveToUs } = packages.core
  const { traceSqs } = packages.sqs
  const traced: AnyClass = new Proxy(Original, {
    construct(target, args, newTarget) {
      const client = Reflect.construct(target, args, newTarget) as SqsClientLike
      if (spared.has('sqs')) leaveToUs(client)
      const { legacyAttributeNames } = (wishFor('sqs')?.own ?? {}) as SqsConfig
      return traceSqs(client, { tracing, legacyAttributeNames })
    },
  })
  // What compares a client's class, or makes another client of it, finds the exported one.
  Object.defineProperty(Original.prototype, 'constructor', { value: traced, configurable: true, writable: true })
  return traced
}

export const SQS: ClientParts = {
  client: 'sqs',
  own: ['legacyAttributeNames'],
  patches: [
    {
      module: '@aws-sdk/client-sqs',
      file: '@aws-sdk/client-sqs/dist-cjs/index.js',
      patch: (exports) =>
        withExports(exports, {
          SQSClient: tracedClient(classIn(exports, 'SQSClient', 'send')),
          SQS: tracedClient(classIn(exports, 'SQS', 'send')),
        }),
    },
    // In a bundle. Its `SQS` extends what this file exports.
    {
      file: '@aws-sdk/client-sqs/dist-es/SQSClient.js',
      patch: (exports) => withExports(exports, { SQSClient: tracedClient(classIn(exports, 'SQSClient', 'send')) }),
    },
    SQS_CONSUMER,
  ],
}

/** Options of {@link SqsInstrumentation}. */
export type SqsConfig = TracebatonConfig & {
  /** As of `traceSqs`. @default only with clients and calls that need it */
  readonly legacyAttributeNames?: boolean | undefined
}

/** Traces the clients of @aws-sdk/client-sqs, and the handlers of sqs-consumer. */
export class SqsInstrumentation extends ClientInstrumentation<SqsConfig> {
  constructor(config: SqsConfig = {}) {
    super(SQS, config)
  }
}
