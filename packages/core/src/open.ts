import { beginAttempt, type Attempt } from './attempt.ts'
import { callIn } from './call.ts'
import type { Delivery } from './delivery.ts'
import { keepOpen } from './open-attempts.ts'
import type { Outcome } from './policy.ts'
import { passOn } from './process.ts'
import type { Runtime } from './runtime.ts'

/**
 * One attempt whose message is settled by another call than its handler's end. Its span ends at the later of the two.
 * Nothing of ours is ever thrown.
 */
export interface OpenAttempt {
  /** Runs the handler, once, in the attempt's context. Gives what it gives, throws what it throws. */
  readonly run: <Result>(handler: () => Result) => Result
  /** Tells what became of the message. Only the first call counts. */
  readonly settle: (outcome: Outcome) => void
  /** Nobody can settle the message any more: if nobody has, it is `abandoned`, which is no failure. */
  readonly abandon: () => void
}

/** How long an attempt may stay open. */
export interface OpenOptions {
  /** Whether the handler may take longer than a settlement may keep us waiting. @default false */
  readonly longHandler?: boolean | undefined
}

/**
 * Begins an attempt that is open until it is both handled and settled. An attempt that nobody settles ends as
 * `abandoned` after 30 minutes, or earlier where more than 5,000 are open in this process, the oldest first. The time
 * counts from the beginning, or with `longHandler` from the handler's end.
 */
export function openAttempt(runtime: Runtime, delivery: Delivery, options: OpenOptions = {}): OpenAttempt {
  const { report } = runtime
  if (runtime.isIdle())
    return { run: (handler) => passOn(runtime, delivery, handler), settle: nothing, abandon: nothing }
  const attempt = report.guard('span', () => beginAttempt(runtime, delivery))
  if (attempt === undefined) return { run: (handler) => handler(), settle: nothing, abandon: nothing }
  return keep(runtime, attempt, options.longHandler === true)
}

function keep({ report }: Runtime, attempt: Attempt, longHandler: boolean): OpenAttempt {
  let handled = false
  let settled = false
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    release()
    report.guard('span', attempt.end)
  }
  const settle = (outcome: Outcome): void => {
    if (settled) return
    settled = true
    attempt.settled(outcome)
    if (handled) end()
  }
  const bound = (): (() => void) =>
    keepOpen(() => {
      settle('abandoned')
      end()
    })
  let release = longHandler ? nothing : bound()
  return {
    run: (handler) =>
      callIn(attempt.context, handler, report, (ending) => {
        handled = true
        attempt.handled(ending)
        if (settled) end()
        else if (longHandler) release = bound()
      }),
    settle,
    abandon: () => settle('abandoned'),
  }
}

function nothing(): void {}
