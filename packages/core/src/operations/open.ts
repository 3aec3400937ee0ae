import type { Context } from '@opentelemetry/api'
import { beginAttempt, endAttempt, handled, hear, keep, type Attempt } from './attempt.ts'
import { callIn, runIn } from '../base/call.ts'
import type { Ending } from '../base/errors.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { openAttempts, type Place } from '../memory/register.ts'
import type { Outcome, OutcomeOf } from '../base/policy.ts'
import { passOn } from './read.ts'
import type { Runtime } from '../runtime.ts'
import { secondsSince } from '../otel/span.ts'

/**
 * One attempt whose message is settled by another call than its handler's end. Its span ends at the later of the two.
 * Nothing of ours is ever thrown.
 */
export interface OpenAttempt {
  /**
   * Runs the handler in the attempt's context. Gives what it gives, throws what it throws. A call inside another one is
   * a part of it, and fails it even where the outer one catches the error; a later one has the last word.
   *
   * @param outcomeOf what the handler's result says of the message. Default: as the options say
   */
  run<Result>(handler: () => Result, outcomeOf?: OutcomeOf): Result
  /** Tells what became of the message. Only the first call counts. */
  settle(outcome: Outcome): void
  /** The client could not take what the handler returned: the attempt has failed with this error. */
  fail(error: unknown): void
  /** Nobody can settle the message any more: if nobody has, it is `abandoned`, which is no failure. */
  abandon(): void
  /** Whether there is a span that has not ended yet. */
  isOpen(): boolean
}

/** Who settles an attempt's message, and who wants to know of its end. */
export interface OpenOptions {
  /** Whether nobody settles the message but the handler, by its end. @default false */
  readonly settledByHandler?: boolean | undefined
  /** Told of the delivery once the span has ended, whatever ended it. */
  readonly ended?: ((delivery: Delivery) => void) | undefined
}

/**
 * Begins an attempt that is open until it is both handled and settled. An attempt that waits for its settlement ends as
 * `abandoned` after the time of the option `maxOpen`, or earlier where more than 5,000 wait in this process, the oldest
 * first. It does not wait while its handler runs.
 */
export function openAttempt(runtime: Runtime, delivery: Delivery, options: OpenOptions = {}): OpenAttempt {
  const { report } = runtime
  if (runtime.isIdle()) return without((handler) => passOn(runtime, delivery, handler))
  const attempt = report.guard('span', () => beginAttempt(runtime, delivery))
  return attempt === undefined ? NO_ATTEMPT : new Kept(delivery, attempt, options)
}

/** Thousands of these may wait to be settled, so they are small. */
class Kept implements OpenAttempt {
  private readonly delivery: Delivery
  private readonly attempt: Attempt
  private readonly context: Context
  private readonly options: OpenOptions
  private place: Place | undefined
  private running = 0
  private failure: Ending | undefined
  private settled = false
  private ended = false

  constructor(delivery: Delivery, attempt: Attempt, options: OpenOptions) {
    this.delivery = delivery
    this.attempt = attempt
    this.context = attempt.context
    this.options = options
    this.place = openAttempts.keep(this, attempt.runtime.maxOpen)
  }

  run<Result>(handler: () => Result, outcomeOf?: OutcomeOf): Result {
    const context = this.context
    const { runtime } = this.attempt
    if (this.ended) return runIn(context, handler, runtime.report)
    if (this.running === 0) this.failure = this.attempt.told = undefined
    this.running += 1
    this.release()
    // One that only its handler keeps open has no limit of time. There may be too many of them, too.
    if (this.settled || this.options.settledByHandler === true) this.place = openAttempts.keep(this, Infinity)
    const startedAt = performance.now()
    return callIn(context, handler, runtime.report, (ending) => this.ran(ending, outcomeOf, secondsSince(startedAt)))
  }

  private ran(ending: Ending, outcomeOf: OutcomeOf | undefined, seconds: number): void {
    this.running -= 1
    if (ending.failed) this.failure ??= ending
    hear(this.attempt, ending, outcomeOf ?? (this.running > 0 ? undefined : this.attempt.runtime.outcomeOf))
    if (this.running > 0 || this.ended) return
    handled(this.attempt, this.failure ?? ending, seconds)
    if (this.settled || this.options.settledByHandler === true) this.end()
    else {
      forgetHeaders(this.delivery)
      this.place = openAttempts.keep(this, this.attempt.runtime.maxOpen)
    }
  }

  fail(error: unknown): void {
    if (!this.ended) handled(this.attempt, { failed: true, error }, 0)
  }

  settle(outcome: Outcome): void {
    if (this.settled) return
    this.settled = true
    this.attempt.outcome = outcome
    // The message may be handed out again before its handler is done.
    if (this.running > 0 && outcome !== 'acked')
      this.attempt.runtime.report.guard('span', () => keep(this.attempt, outcome))
    if (this.running > 0 && !this.ended) this.place ??= openAttempts.keep(this, Infinity)
    if (this.attempt.ending !== undefined && this.running === 0) this.end()
  }

  abandon(): void {
    this.settle('abandoned')
  }

  isOpen(): boolean {
    return !this.ended
  }

  expire(): void {
    this.settle('abandoned')
    this.end()
  }

  private release(): void {
    if (this.place !== undefined) openAttempts.release(this.place)
    this.place = undefined
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.release()
    const { report } = this.attempt.runtime
    report.guard('span', () => endAttempt(this.attempt))
    this.failure = undefined
    const { ended } = this.options
    if (ended !== undefined) report.guard('span', () => ended(this.delivery))
  }
}

/** A message that waits for its settlement was read, and its headers may be large. */
function forgetHeaders(delivery: { carrier: unknown; history?: unknown }): void {
  delivery.carrier = undefined
  // To set what was never there would make the object another one to V8.
  if (delivery.history !== undefined) delivery.history = undefined
}

/** An attempt that is none: its handler runs, and that is all. One for all messages. */
export const NO_ATTEMPT: OpenAttempt = without((handler) => handler())

function without(run: OpenAttempt['run']): OpenAttempt {
  return { run, fail: nothing, settle: nothing, abandon: nothing, isOpen: () => false }
}

function nothing(): void {}
