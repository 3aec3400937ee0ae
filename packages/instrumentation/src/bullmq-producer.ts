import type { FlowProducerLike, QueueLike } from '@tracebaton/bullmq'
import { isForeign, withTelemetry } from './bullmq-telemetry.ts'
import { named, standIn, type AnyClass } from './exports.ts'
import { packages } from './packages.ts'
import { ownTracing, tracingFor } from './say.ts'

type Method = (...args: unknown[]) => unknown
type Methods = Readonly<Record<string, Method>>

/** What the adapter puts into the context of a call that it traces. */
const OWN_CALL = Symbol.for('tracebaton.bullmq.own-call.2')

/** Whether a call on an object is traced by a look-alike of it, because it was wrapped by hand as well. */
function isTracedByHand(object: object): boolean {
  const call = packages.api.context.active().getValue(OWN_CALL) as { of: object; told: boolean } | undefined
  return call?.of === object && !call.told
}

/** A class whose objects trace the calls of some methods as look-alikes do. */
function tracingClass(
  Original: AnyClass,
  names: readonly string[],
  optionsAt: number,
  trace: (untraced: object) => object,
): AnyClass {
  const { tracedBy, tracingOf } = packages.core
  const tracing = ownTracing('bullmq')
  const own = Original.prototype as Methods
  class Traced extends Original {
    /** The calls as they are traced; `undefined`: they are not. */
    #traced: Methods | undefined
    constructor(...args: unknown[]) {
      const isOthers = isForeign(args[optionsAt])
      args[optionsAt] = withTelemetry(args[optionsAt])
      super(...args)
      // Two telemetries would each record everything.
      if (isOthers) return
      // Traced calls are made on the class's own methods, below those of a subclass.
      const untraced = Object.fromEntries(names.map((name) => [name, own[name]?.bind(this)]))
      const look = trace(Object.assign(Object.create(this) as object, untraced)) as Methods
      this.#traced = Object.fromEntries(names.map((name) => [name, look[name] as Method]))
      const moves = tracingOf(look)
      // Moves by this object are traced as its calls are.
      if (moves !== undefined) tracedBy(this, moves)
    }
    static {
      for (const name of names) {
        const method = own[name] as Method
        Object.defineProperty(this.prototype, name, {
          configurable: true,
          writable: true,
          value: named(method, function (this: object, ...args: unknown[]) {
            // An object may be of the class that this one extends, or its constructor may not have ended yet.
            const look = #traced in this ? this.#traced?.[name] : undefined
            const isUntraced = look === undefined || tracing.guard(() => isTracedByHand(this)) === true
            return isUntraced ? Reflect.apply(method, this, args) : look(...args)
          }),
        })
      }
    }
  }
  return standIn(Original, Traced)
}

/** A `Queue` that traces what is added. */
export function tracedQueue(Queue: AnyClass): AnyClass {
  const options = { tracing: tracingFor('bullmq') }
  const { traceQueue } = packages.bullmq
  return tracingClass(Queue, ['add', 'addBulk', 'upsertJobScheduler'], 1, (queue) =>
    traceQueue(queue as QueueLike, options),
  )
}

/** A `FlowProducer` that traces what is added. */
export function tracedFlowProducer(FlowProducer: AnyClass): AnyClass {
  const options = { tracing: tracingFor('bullmq') }
  const { traceFlowProducer } = packages.bullmq
  return tracingClass(FlowProducer, ['add', 'addBulk'], 0, (flows) =>
    traceFlowProducer(flows as FlowProducerLike, options),
  )
}
