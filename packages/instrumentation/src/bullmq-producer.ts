import { AsyncLocalStorage } from 'node:async_hooks'
import type { FlowProducerLike, QueueLike } from '@tracebaton/bullmq'
import { isForeign, withTelemetry } from './bullmq-telemetry.ts'
import { named, standIn, type AnyClass } from './exports.ts'
import { packages } from './packages.ts'
import { tracingFor } from './say.ts'

type Method = (...args: unknown[]) => unknown
type Methods = Readonly<Record<string, Method>>

/** A call on an object that was wrapped by hand as well: that traces it, and the class does not, once. */
const byHand = new AsyncLocalStorage<{ readonly of: object; told: boolean }>()
/** Whether there has ever been one: others do not pay for looking. */
let anyByHand = false

function isTracedByHand(object: object): boolean {
  const call = anyByHand ? byHand.getStore() : undefined
  if (call === undefined || call.of !== object || call.told) return false
  call.told = true
  return true
}

const members = (names: readonly string[], call: (name: string, args: unknown[]) => unknown): Methods =>
  Object.fromEntries(names.map((name) => [name, (...given: unknown[]) => call(name, given)]))

/** What is told of an object that adds jobs. */
interface Described {
  readonly name?: unknown
  readonly qualifiedName?: unknown
  readonly opts?: unknown
}

/**
 * What traced calls are made on: the class's own methods, below those of a subclass, and what is told of the object. No
 * look-alike of it, because each call reads all of these.
 */
function ownCalls(object: object, own: Methods, names: readonly string[]): object {
  const described = object as Described
  const told: Described = {
    get name() {
      return described.name
    },
    get qualifiedName() {
      return described.qualifiedName
    },
    get opts() {
      return described.opts
    },
  }
  return Object.assign(told, Object.fromEntries(names.map((name) => [name, own[name]?.bind(object)])))
}

/** A class whose objects trace the calls of some methods as look-alikes do. */
function tracingClass(
  Original: AnyClass,
  names: readonly string[],
  optionsAt: number,
  trace: (untraced: object) => object,
): AnyClass {
  const { lookAlike, standsFor, tracedBy, tracingOf } = packages.core
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
      const look = trace(ownCalls(this, own, names)) as Methods
      this.#traced = Object.fromEntries(names.map((name) => [name, look[name] as Method]))
      const tracing = tracingOf(look)
      // Moves by this object are traced as its calls are.
      if (tracing !== undefined) tracedBy(this, tracing)
      // A method of a subclass still runs, with the class's own untraced below it.
      const inHand = members(names, (name, given) => {
        anyByHand = true
        return byHand.run({ of: this, told: false }, () => (this as unknown as Methods)[name]?.(...given))
      })
      standsFor(this, lookAlike<object>(this, inHand))
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
            return look === undefined || isTracedByHand(this) ? Reflect.apply(method, this, args) : look(...args)
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
