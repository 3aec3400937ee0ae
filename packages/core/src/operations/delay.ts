import { boundedName } from '../base/bounds.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Runtime } from '../runtime.ts'

/** Those that have said it. */
const said = new WeakSet<Runtime>()

/**
 * Says once if a message was handled long before it was due, where its consumer is the one that has to wait: a delay that
 * is lost makes a retry that comes at once. Clocks of two hosts differ, so that half of the delay has to be left.
 */
export function lookAtDelay(runtime: Runtime, { delivery, copy: { lineage } }: Verdict): void {
  const delay = lineage?.delay
  if (delivery.undelayed !== true || delay === undefined || said.has(runtime)) return
  const waited = Date.now() - (lineage?.sent ?? delivery.sentAt ?? Number.NaN)
  if (!(waited >= 0 && waited < delay / 2)) return
  said.add(runtime)
  const { name = 'a topic' } = delivery.destination
  runtime.report.misused(
    `The delay of a retry is lost: a consumer of ${boundedName(name)} handled a message before it was due. ` +
      'Wait until attemptOf(message).due before it is handled',
  )
}
