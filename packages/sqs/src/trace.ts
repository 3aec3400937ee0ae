import {
  isFor,
  ownOptions,
  resolveTracing,
  tracedBy,
  warnOfInstrumentation,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { FOLLOWERS, isOldClient, TAKES, type InitializeStack, type Next, type SqsClientLike } from './client.ts'
import { traceReceive, type Legacy, type LegacyNames } from './receive.ts'
import { outcomeOfVisibility, traceSettle } from './settle.ts'
import { traceSend } from './producer.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceSqs}. */
export type SqsOptions = TracingInput & {
  /**
   * Also asks for system attributes by the discontinued `AttributeNames`, for emulators that know nothing else.
   * @default only where the caller uses it, and with clients before 3.583, which send no other list
   */
  readonly legacyAttributeNames?: boolean | undefined
}

const OPTIONS = { legacyAttributeNames: 'boolean' } as const

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
  const { legacyAttributeNames: legacy = false } = ownOptions(options, OPTIONS, tracing)
  tracing.guard(() => {
    warnOfCache(tracing, client)
    warnOfInstrumentation(tracing, client, 'send', FOLLOWERS)
    tracedBy(client, tracing)
    let told: Promise<Legacy> | undefined
    const ask = async (): Promise<Legacy> => ((await isOldClient(client).catch(() => true)) ? 'All' : legacy)
    const legacyNames: LegacyNames = () => (told ??= ask())
    const stack: InitializeStack = client.middlewareStack
    stack.add(
      (next, context) => TRACERS.get(context.commandName)?.(tracing, next, legacyNames) ?? next,
      // Last of its step, so that it sees what the user's own middleware made of the input.
      { step: 'initialize', name: MIDDLEWARE, priority: 'low', override: true },
    )
  })
  return client
}

type Tracer = (tracing: AdapterTracing, next: Next, legacyNames: LegacyNames) => Next

const traceDelete: Tracer = (tracing, next) => traceSettle(tracing, 'delete', () => 'acked', next)
const traceVisibility: Tracer = (tracing, next) => traceSettle(tracing, 'change_visibility', outcomeOfVisibility, next)

/** By the name of the command. */
const TRACERS = new Map<string | undefined, Tracer>([
  ['SendMessageCommand', (tracing, next) => traceSend(tracing, next, false)],
  ['SendMessageBatchCommand', (tracing, next) => traceSend(tracing, next, true)],
  ['ReceiveMessageCommand', traceReceive],
  ['DeleteMessageCommand', traceDelete],
  ['DeleteMessageBatchCommand', traceDelete],
  ['ChangeMessageVisibilityCommand', traceVisibility],
  ['ChangeMessageVisibilityBatchCommand', traceVisibility],
])

function warnOfCache(tracing: AdapterTracing, client: SqsClientLike): void {
  const { cacheMiddleware } = client.config as { readonly cacheMiddleware?: boolean }
  const { handlers } = client as { readonly handlers?: unknown }
  if (cacheMiddleware === true && handlers !== undefined) {
    tracing.warn('This client caches its middleware and was used before: wrap it with traceSqs before its first call')
  }
}
