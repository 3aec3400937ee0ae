import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChannelModel, RecoveryOptions } from 'amqplib'
import type { Connecting } from './amqp.ts'

type Setup = (connection: ChannelModel) => Promise<void>

/** ms between two tries. */
const PAUSE = 200

/**
 * `connect` for versions of amqplib before 2, whose connections stay closed: gives what the fixture uses of one that comes
 * back by itself.
 */
export function comesBack(connect: (address: string) => Promise<ChannelModel>): Connecting['connect'] {
  const connectAgain = async (address: unknown, options?: { readonly recovery?: boolean | RecoveryOptions }) => {
    const recovery = options?.recovery
    // The fixture's gives a promise.
    const setup = (typeof recovery === 'object' ? recovery.setup : undefined) as Setup | undefined
    const events = new EventEmitter()
    let current!: ChannelModel
    const closing = new AbortController()
    const open = async (): Promise<void> => {
      let ready = false
      current = await connect(String(address))
      current.on('error', () => {})
      current.on('close', () => {
        if (!ready || closing.signal.aborted) return
        events.emit('disconnect')
        void openAgain()
      })
      await setup?.(current)
      ready = true
    }
    const openAgain = async (): Promise<void> => {
      while (!closing.signal.aborted) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one try after the other
          return await open()
        } catch {
          // oxlint-disable-next-line no-await-in-loop
          await delay(PAUSE)
        }
      }
    }
    await open()
    return Object.assign(events, {
      createChannel: () => current.createChannel(),
      close() {
        closing.abort()
        return current.close()
      },
    })
  }
  return connectAgain as unknown as Connecting['connect']
}
