import type { ReceivedMessage } from '@tracebaton/sqs'
import { CONSUMER } from './es-modules.ts'
import { classIn, standIn, withExports, type AnyClass } from './exports.ts'
import type { ModulePatch } from './module-hook.ts'
import { packages } from './packages.ts'

interface ConsumerOptions {
  readonly queueUrl?: string
  readonly handleMessage?: (message: ReceivedMessage) => unknown
  readonly handleMessageBatch?: (messages: ReceivedMessage[]) => unknown
  /** ms after which the consumer waits for a handler no longer, and leaves the message. */
  readonly handleMessageTimeout?: number
}

interface Emitter {
  emit(event: unknown, ...rest: unknown[]): unknown
}

/** Of a consumer, what decides on a message whose handler does not fail. Since version 14 there is `strictReturn`. */
interface Deciding {
  readonly alwaysAcknowledge?: unknown
  readonly strictReturn?: unknown
}

/** Whether the consumer leaves the message in its queue. It deletes the message that a handler returns, known by its id. */
function leaves({ alwaysAcknowledge, strictReturn }: Deciding, result: unknown): boolean {
  if (alwaysAcknowledge === true) return false
  // Before version 14 nothing, and what is no object, stood for the message.
  if (!packages.core.isObject(result)) return strictReturn !== undefined
  return typeof (result as { readonly MessageId?: unknown }).MessageId !== 'string'
}

/** A class whose handlers are traced: the client alone does not know when a message is handled. */
function tracedConsumer(Original: AnyClass): AnyClass {
  const { copyWith, isObject } = packages.core
  const { traceBatch, traceHandler } = packages.sqs
  /** Messages whose handlers are waited for no longer. */
  const late = new WeakSet<object>()
  const traced = (options: ConsumerOptions, consumer: () => Deciding): ConsumerOptions => {
    if (!isObject(options)) return options
    const { handleMessage, handleMessageBatch, handleMessageTimeout, queueUrl } = options
    // How to trace is what the client that received was told.
    const traceOne = (handle: (message: ReceivedMessage) => unknown, message?: ReceivedMessage) =>
      traceHandler(handle, {
        queueUrl,
        outcomeOf: (result) =>
          (message !== undefined && late.has(message)) || leaves(consumer(), result) ? 'requeued' : undefined,
      })
    return copyWith(options, {
      ...(typeof handleMessage === 'function' && {
        handleMessage:
          handleMessageTimeout === undefined
            ? traceOne(handleMessage)
            : function (this: unknown, message: ReceivedMessage): unknown {
                return traceOne(handleMessage, message).call(this, message)
              },
      }),
      ...(typeof handleMessageBatch === 'function' && {
        handleMessageBatch: traceBatch(handleMessageBatch, { queueUrl }),
      }),
    })
  }
  return standIn(
    Original,
    class extends (Original as AnyClass<Emitter>) {
      /** The client's own makes an object of its own class. */
      static create(options: ConsumerOptions): object {
        return new this(options)
      }
      constructor(options: ConsumerOptions, ...rest: unknown[]) {
        let consumer: Deciding = {}
        super(
          traced(options, () => consumer),
          ...rest,
        )
        consumer = this as Deciding
      }
      override emit(...args: Parameters<Emitter['emit']>): unknown {
        const [event, , message] = args
        if (event === 'timeout_error' && isObject(message)) late.add(message)
        return super.emit(...args)
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
