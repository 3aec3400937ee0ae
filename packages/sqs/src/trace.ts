import {
  isFor,
  ownOptions,
  processWide,
  resolveTracing,
  tracedBy,
  warnOfInstrumentation,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { FOLLOWERS, isOldClient, TAKES, type InitializeStack, type Next, type SqsClientLike } from './client.ts'
import { outcomeOfVisibility, traceReceive, traceSettle, type LegacyNames } from './consumer.ts'
import { SIZE_LIMITS } from './headers.ts'
import { traceSend, traceSendBatch } from './producer.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceSqs}. */
export type SqsOptions = TracingInput & {
  /** Bytes: `MaximumMessageSize` of the queues, where it is smaller than usual. @default 256 KiB and 1 MiB are respected */
  readonly maxMessageBytes?: number | undefined
  /**
   * Also asks for system attributes by the discontinued `AttributeNames`, for emulators that know nothing else.
   * @default only where the caller uses it, and with clients before 3.583, which send no other list
   */
  readonly legacyAttributeNames?: boolean | undefined
}

const OPTIONS = { maxMessageBytes: 'number', legacyAttributeNames: 'boolean' } as const

/** The limits of clients that were told one. */
const limitsByClient = processWide('tracebaton.sqs.limits.1', () => new WeakMap<object, readonly number[]>())

/** Bytes that a message may have, as far as the client that sends it knows. */
export function limitsOf(client: object): readonly number[] {
  return limitsByClient.get(client) ?? SIZE_LIMITS
}

/** The name of our middleware; adding it again replaces it. */
const MIDDLEWARE = 'tracebaton'

/**
 * Adds tracing to an AWS client, through its own middleware stack, and gives the same client back. Wrapping a client
 * again replaces the options. Never throws.
 *
 * Wrap a client with `cacheMiddleware` before its first call: it keeps the stacks it has already built.
 */
export function traceSqs<Client extends SqsClientLike>(client: Client, options?: SqsOptions): Client {
  const tracing = resolveTracing(options, SCOPE, OPTIONS)
  if (!isFor(tracing, client, 'traceSqs', TAKES)) return client
  const { maxMessageBytes, legacyAttributeNames: legacy = false } = ownOptions(options, OPTIONS, tracing)
  tracing.guard(() => {
    warnOfCache(tracing, client)
    warnOfInstrumentation(tracing, client, 'send', FOLLOWERS)
    tracedBy(client, tracing)
    const limits = maxMessageBytes === undefined ? SIZE_LIMITS : [maxMessageBytes]
    limitsByClient.set(client, limits)
    let old: Promise<boolean> | undefined
    const asksByLegacyNames = async (): Promise<boolean | 'All'> =>
      (await (old ??= isOldClient(client).catch(() => true))) ? 'All' : legacy
    const stack: InitializeStack = client.middlewareStack
    stack.add(
      (next, context) => middlewareFor(tracing, limits, asksByLegacyNames, context.commandName, next),
      // Last of its step, so that it sees what the user's own middleware made of the input.
      { step: 'initialize', name: MIDDLEWARE, priority: 'low', override: true },
    )
  })
  return client
}

function middlewareFor(
  tracing: AdapterTracing,
  limits: readonly number[],
  legacyNames: LegacyNames,
  commandName: string | undefined,
  next: Next,
): Next {
  switch (commandName) {
    case 'SendMessageCommand':
      return traceSend(tracing, limits, next)
    case 'SendMessageBatchCommand':
      return traceSendBatch(tracing, limits, next)
    case 'ReceiveMessageCommand':
      return traceReceive(tracing, legacyNames, next)
    case 'DeleteMessageCommand':
    case 'DeleteMessageBatchCommand':
      return traceSettle(tracing, 'delete', () => 'acked', next)
    case 'ChangeMessageVisibilityCommand':
    case 'ChangeMessageVisibilityBatchCommand':
      return traceSettle(tracing, 'change_visibility', outcomeOfVisibility, next)
    default:
      return next
  }
}

function warnOfCache(tracing: AdapterTracing, client: SqsClientLike): void {
  const { cacheMiddleware } = client.config as { readonly cacheMiddleware?: boolean }
  const { handlers } = client as { readonly handlers?: unknown }
  if (cacheMiddleware === true && handlers !== undefined) {
    tracing.warn('This client caches its middleware and was used before: wrap it with traceSqs before its first call')
  }
}
