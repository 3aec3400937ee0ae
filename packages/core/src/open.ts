import { beginAttempt, type Attempt } from './attempt.ts'
import { callIn, runIn, type Ending } from './call.ts'
import type { Delivery } from './delivery.ts'
import { openAttempts } from './register.ts'
import type { Outcome } from './policy.ts'
import { passOn } from './process.ts'
import type { Runtime } from './runtime.ts'
import { secondsSince } from './span.ts'

/**
 * One attempt whose message is settled by another call than its handler's end. Its span ends at the later of the two.
 * Nothing of ours is ever thrown.
 */
export interface OpenAttempt {
  /**
   * Runs the handler in the attempt's context. Gives what it gives, throws what it throws. A call inside another one is
   * a part of it, and fails it even where the outer one catches the error; a later one has the last word.
   */
  readonly run: <Result>(handler: () => Result) => Result
  /** Tells what became of the message. Only the first call counts. */
  readonly settle: (outcome: Outcome) => void
  /** Nobody can settle the message any more: if nobody has, it is `abandoned`, which is no failure. */
  readonly abandon: () => void
  /** Whether there is a span that has not ended yet. */
  readonly isOpen: () => boolean
}

/** How long an attempt may stay open, and who wants to know. */
export interface OpenOptions {
  /** Whether the handler may take longer than a settlement may keep us waiting. @default false */
  readonly longHandler?: boolean | undefined
  /** Whether nobody settles the message but the handler, by its end. @default false */
  readonly settledByHandler?: boolean | undefined
  /** Called once the span has ended, whatever ended it. */
  readonly ended?: (() => void) | undefined
}

/**
 * Begins an attempt that is open until it is both handled and settled. An attempt that nobody settles ends as
 * `abandoned` after 30 minutes, or earlier where more than 5,000 are open in this process, the oldest first. The time
 * counts from the beginning, or with `longHandler` from the handler's end.
 */
export function openAttempt(runtime: Runtime, delivery: Delivery, options: OpenOptions = {}): OpenAttempt {
  const { report } = runtime
  if (runtime.isIdle()) return without((handler) => passOn(runtime, delivery, handler))
  const attempt = report.guard('span', () => beginAttempt(runtime, delivery))
  return attempt === undefined ? without((handler) => handler()) : keep(runtime, attempt, options)
}

function keep({ report }: Runtime, attempt: Attempt, options: OpenOptions): OpenAttempt {
  const { longHandler, settledByHandler, ended: told } = options
  let running = 0
  let failure: Ending | undefined
  let handled = false
  let settled = false
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    release()
    report.guard('span', attempt.end)
    if (told !== undefined) report.guard('span', told)
  }
  const settle = (outcome: Outcome): void => {
    if (settled) return
    settled = true
    attempt.settled(outcome)
    if (handled && running === 0) end()
  }
  const bound = (): (() => void) =>
    openAttempts.keep(() => {
      settle('abandoned')
      end()
    })
  let release = longHandler === true ? nothing : bound()
  return {
    run(handler) {
      if (ended) return runIn(attempt.context, handler, report)
      if (running === 0) failure = undefined
      running += 1
      const startedAt = performance.now()
      return callIn(attempt.context, handler, report, (ending) => {
        running -= 1
        if (ending.failed) failure ??= ending
        if (running > 0 || ended) return
        handled = true
        attempt.handled(failure ?? ending, secondsSince(startedAt))
        if (settled || settledByHandler === true) end()
        else if (longHandler === true) {
          release()
          release = bound()
        }
      })
    },
    settle,
    abandon: () => settle('abandoned'),
    isOpen: () => !ended,
  }
}

function without(run: OpenAttempt['run']): OpenAttempt {
  return { run, settle: nothing, abandon: nothing, isOpen: () => false }
}

function nothing(): void {}
