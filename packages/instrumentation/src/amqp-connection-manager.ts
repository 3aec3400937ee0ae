import { CHANNEL_WRAPPER } from './es-modules.ts'
import { classIn, standIn, withExports, type AnyClass } from './exports.ts'
import type { ModulePatch } from './module-hook.ts'
import { packages } from './packages.ts'

/** Keeps a publish. It is not public, and it is there from version 4 on. */
const ENQUEUE = '_enqueueMessage'

interface Managed {
  [ENQUEUE](message: { readonly options?: unknown } | undefined, ...rest: unknown[]): unknown
}

/**
 * A channel that keeps what is published until it is connected, and publishes it then. It hands the options on as they are,
 * and the traced channel below knows by them in which context the publish was asked for.
 */
function rememberingChannel(Original: AnyClass): AnyClass {
  const { putOffPublish } = packages.amqp
  return standIn(
    Original,
    class extends (Original as AnyClass<Managed>) {
      override [ENQUEUE](...args: Parameters<Managed[typeof ENQUEUE]>): unknown {
        putOffPublish(args[0]?.options)
        return super[ENQUEUE](...args)
      }
    },
  )
}

/** The channels of amqp-connection-manager. Its connections are those of amqplib. */
export const MANAGED_CHANNELS: ModulePatch = {
  file: 'amqp-connection-manager/dist/cjs/ChannelWrapper.js',
  esModule: CHANNEL_WRAPPER.file,
  patch: (exports) => withExports(exports, { default: rememberingChannel(classIn(exports, 'default', ENQUEUE)) }),
}
