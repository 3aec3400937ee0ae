import type { ReceivedMessage } from '@tracebaton/sqs'
import { CONSUMER } from './es-modules.ts'
import { classIn, standIn, withExports, type AnyClass } from './exports.ts'
import type { ModulePatch } from './module-hook.ts'
import { packages } from './packages.ts'

interface ConsumerOptions {
  readonly queueUrl?: string
  readonly handleMessage?: (message: ReceivedMessage) => unknown
  readonly handleMessageBatch?: (messages: ReceivedMessage[]) => unknown
}

/** A class whose handlers are traced: the client alone does not know when a message is handled. */
function tracedConsumer(Original: AnyClass): AnyClass {
  const { copyWith, isObject } = packages.core
  const { traceBatch, traceHandler } = packages.sqs
  const traced = (options: ConsumerOptions): ConsumerOptions => {
    if (!isObject(options)) return options
    const { handleMessage, handleMessageBatch, queueUrl } = options
    // How to trace is what the client that received was told.
    return copyWith(options, {
      ...(typeof handleMessage === 'function' && { handleMessage: traceHandler(handleMessage, { queueUrl }) }),
      ...(typeof handleMessageBatch === 'function' && {
        handleMessageBatch: traceBatch(handleMessageBatch, { queueUrl }),
      }),
    })
  }
  return standIn(
    Original,
    class extends Original {
      /** The client's own makes an object of its own class. */
      static create(options: ConsumerOptions): object {
        return new this(options)
      }
      constructor(options: ConsumerOptions, ...rest: unknown[]) {
        super(traced(options), ...rest)
      }
    },
  )
}

/** The handlers of sqs-consumer. */
export const SQS_CONSUMER: ModulePatch = {
  module: 'sqs-consumer',
  file: 'sqs-consumer/dist/cjs/index.js',
  esModule: CONSUMER.file,
  patch: (exports) => withExports(exports, { Consumer: tracedConsumer(classIn(exports, 'Consumer')) }),
}
