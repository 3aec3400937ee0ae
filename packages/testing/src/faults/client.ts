import { messageParts } from '../journeys/message-parts.ts'
import type { HeaderFault } from './headers.ts'

/**
 * A message, a request or a job with other headers, in the shape of its client: kafkajs, amqplib, SQS or BullMQ. What is
 * given is not changed. Throws a TypeError for what is no message of theirs.
 */
export function tampered<Message extends object>(message: Message, fault: HeaderFault): Message {
  const parts = messageParts(message)
  if (!parts) throw new TypeError('This is no message of kafkajs, amqplib, SQS or BullMQ')
  return parts.with(fault(parts.headers)) as Message
}

/** Where requests hold their messages. */
const CONTAINERS: ReadonlySet<string> = new Set(['messages', 'topicMessages', 'Entries', 'input', 'opts'])

/**
 * A look-alike of a client on which every message that is sent through one of `methods` is tampered with: what stands
 * between a traced client and its broker. Trace the look-alike, not the other way round:
 * `traceProducer(tampering(producer, ['send'], strip()))`.
 */
export function tampering<Client extends object>(
  client: Client,
  methods: readonly (keyof Client & string)[],
  fault: HeaderFault,
): Client {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      const chosen = methods.some((method) => method === name)
      return (...parameters: unknown[]): unknown =>
        Reflect.apply(member, target, chosen ? parameters.map((value) => tamperedWithin(value, fault, 0)) : parameters)
    },
  })
}

/**
 * A middleware of an AWS client that does the same, after the tracing and before the request is written:
 * `client.middlewareStack.add(tamperingMiddleware(strip()), { step: 'initialize', priority: 'low' })`.
 */
export function tamperingMiddleware(fault: HeaderFault) {
  return <Request extends { readonly input: object }, Result>(next: (request: Request) => Result) =>
    (request: Request): Result =>
      next({ ...request, input: tamperedWithin(request.input, fault, 0) })
}

function tamperedWithin(value: unknown, fault: HeaderFault, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || depth > 4) return value
  if (Array.isArray(value)) return value.map((item) => tamperedWithin(item, fault, depth + 1))
  const containers = Object.entries(value).filter(([name, held]) => CONTAINERS.has(name) && typeof held === 'object')
  if (containers.length > 0) {
    const changed = containers.map(([name, held]) => [name, tamperedWithin(held, fault, depth + 1)])
    return Object.assign(
      Object.create(Object.getPrototypeOf(value) as object | null),
      value,
      Object.fromEntries(changed),
    )
  }
  const parts = messageParts(value)
  return parts ? parts.with(fault(parts.headers)) : value
}
