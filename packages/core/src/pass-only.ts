import { NO_ATTEMPT } from './operations/open.ts'
import type { AdapterTracing } from './tracing.ts'

const call = <Result>(_: unknown, work: () => Result): Result => work()
const nothing = (): void => {}

/**
 * Tracing that is switched off: it passes everything on, also contexts. Only moves are still written onto the message,
 * because what counts attempts reads them there; and an attempt that began before still gets to know its settlement.
 *
 * @param idle an instance that records nothing
 */
export function passOnly(idle: AdapterTracing): AdapterTracing {
  return {
    ...idle,
    send: (publication, publish) => (publication.move === undefined ? publish([]) : idle.send(publication, publish)),
    openSend: (publication) => (publication.move === undefined ? undefined : idle.openSend(publication)),
    receive: nothing,
    process: call,
    open: () => NO_ATTEMPT,
    processBatch: call,
    isIdle: () => true,
  }
}
