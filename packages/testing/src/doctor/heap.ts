import { Session } from 'node:inspector'

/** The clients that live in this process, as far as they matter here. */
export interface LiveClients {
  readonly workers: readonly { readonly queue: string; readonly telemetry: boolean }[]
  readonly sqsClients: readonly { readonly traced: boolean }[]
  /** Receives that are under way. */
  readonly receives: readonly { readonly queueUrl: string; readonly asked: boolean }[]
  /** Names of official instrumentations that are enabled. */
  readonly instrumentations: readonly string[]
}

/**
 * Looks for clients among all objects of this process, through the inspector that Node has built in. Nothing is patched
 * and nothing is changed; the process stands still for some tenths of a second. Undefined where there is no inspector,
 * or where somebody else's keeps ours out. Never throws.
 */
export function findLiveClients(): LiveClients | undefined {
  const session = new Session()
  try {
    session.connect()
    const prototype = call(session, 'Runtime.evaluate', { expression: 'Object.prototype' })
    const prototypeObjectId = objectIdOf(prototype['result'])
    const { objects } = call(session, 'Runtime.queryObjects', { prototypeObjectId, objectGroup: 'tracebaton' })
    const { result } = call(session, 'Runtime.callFunctionOn', {
      objectId: objectIdOf(objects),
      functionDeclaration: String(describe),
      returnByValue: true,
    })
    call(session, 'Runtime.releaseObjectGroup', { objectGroup: 'tracebaton' })
    return (result as { readonly value?: LiveClients } | undefined)?.value
  } catch {
    return undefined
  } finally {
    session.disconnect()
  }
}

type Fields = Readonly<Record<string, unknown>>

// A session on the own thread answers before `post` returns.
function call(session: Session, method: string, parameters: object): Fields {
  let answer: Fields = {}
  session.post(method, parameters, (error: Error | null, result?: object) => {
    if (error) throw error
    answer = { ...result }
  })
  return answer
}

function objectIdOf(remote: unknown): unknown {
  return (remote as { readonly objectId?: unknown } | undefined)?.objectId
}

/**
 * Runs where the objects are: text of its own, so nothing around it can be used. It reads own data fields only, because
 * a getter of a stranger could do anything.
 */
function describe(this: readonly object[]): LiveClients {
  /* oxlint-disable unicorn/consistent-function-scoping -- see above */
  const own = (object: object, key: string): unknown => Object.getOwnPropertyDescriptor(object, key)?.value
  const has = (object: object, key: string): boolean => {
    for (let at: object | null = object; at; at = Object.getPrototypeOf(at) as object | null) {
      if (typeof own(at, key) === 'function') return true
    }
    return false
  }
  const record = (value: unknown): Readonly<Record<string, unknown>> =>
    (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const listed = (value: unknown, names: readonly string[]): boolean =>
    Array.isArray(value) && value.some((name) => names.includes(String(name).toLowerCase()))
  /* oxlint-enable unicorn/consistent-function-scoping */
  const found = {
    workers: [] as { queue: string; telemetry: boolean }[],
    sqsClients: [] as { traced: boolean }[],
    receives: [] as { queueUrl: string; asked: boolean }[],
    instrumentations: [] as string[],
  }
  for (const object of this) {
    const options = own(object, 'opts')
    if (options && typeof own(object, 'processFn') === 'function' && has(object, 'waitUntilReady')) {
      const telemetry = own(record(options), 'telemetry') !== undefined
      found.workers.push({ queue: String(own(object, 'name')), telemetry })
    }
    const stack = own(object, 'middlewareStack')
    if (stack && own(record(own(object, 'config')), 'serviceId') === 'SQS') {
      const { identify } = stack as { identify?: () => unknown }
      const names = typeof identify === 'function' ? Reflect.apply(identify, stack, []) : []
      found.sqsClients.push({ traced: String(names).includes('tracebaton') })
    }
    const input = record(own(object, 'input'))
    if (typeof own(input, 'QueueUrl') === 'string' && own(Object.getPrototypeOf(object) as object, 'constructor')) {
      const { name } = own(Object.getPrototypeOf(object) as object, 'constructor') as { name?: unknown }
      if (name === 'ReceiveMessageCommand') {
        const asked =
          listed(own(input, 'MessageAttributeNames'), ['all', '.*', 'traceparent', 'trace*']) ||
          listed(own(input, 'MessageSystemAttributeNames'), ['all', 'awstraceheader']) ||
          listed(own(input, 'AttributeNames'), ['all', 'awstraceheader'])
        found.receives.push({ queueUrl: String(own(input, 'QueueUrl')), asked })
      }
    }
    const name = own(object, 'instrumentationName')
    if (typeof name === 'string' && own(record(own(object, '_config')), 'enabled') !== false) {
      found.instrumentations.push(name)
    }
  }
  return found
}
