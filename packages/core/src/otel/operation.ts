import type { Attributes } from '@opentelemetry/api'
import { PEER_SERVICE, type Names, type Destination } from '../base/names.ts'
import { boundedName } from '../base/bounds.ts'
import { keyOf } from '../memory/bounded.ts'
import type { Labels } from './labels.ts'

/** The operation types of the conventions. */
export type OperationType = 'create' | 'send' | 'receive' | 'process' | 'settle'

/** All that is the same for every span of one operation on one destination. Built once. */
export interface Operation {
  readonly spanName: string
  /** For the span. Copy, never change. */
  readonly attributes: Attributes
  /** For metrics: low cardinality only. Copy, never change. */
  readonly labels: Attributes
  /** What the metrics keep of the operation, for the meter provider in use. */
  measured?: { readonly instruments: object } | undefined
  byPartition?: Map<string, Attributes> | undefined
}

/**
 * A copy of the operation's attributes, to add more to. By `Object.assign`, because adding keys to what a spread made is
 * some twenty times slower (V8).
 */
export function copyAttributes(operation: Operation): Attributes {
  return Object.assign({}, operation.attributes)
}

/** Partitions of one operation whose attributes are kept. */
const MOST_PARTITIONS = 1_000

/** The operation's attributes with a partition. To be shared; copy them to add more. */
export function attributesOf(operation: Operation, names: Names, partition: string | undefined): Attributes {
  if (partition === undefined) return operation.attributes
  let attributes = operation.byPartition?.get(partition)
  if (attributes === undefined) {
    attributes = copyAttributes(operation)
    names.set(attributes, 'partition', partition)
    operation.byPartition ??= new Map()
    if (operation.byPartition.size >= MOST_PARTITIONS) operation.byPartition.clear()
    operation.byPartition.set(partition, attributes)
  }
  return attributes
}

/** Gives the operation, from memory where it was asked for before. */
export type DescribeOperation = (
  type: OperationType | undefined,
  name: string,
  system: string,
  destination: Destination,
  consumerGroup?: string,
) => Operation

/** More destinations than this are no set of queues but a leak; then it starts over. */
const REMEMBERED = 1_000

/** The operations of one verb. There are only a few, so that looking through them beats making a key and hashing it. */
interface Family {
  readonly type: OperationType | undefined
  readonly name: string
  readonly system: string
  readonly byDestination: Map<string, Operation>
}

/** What was asked for, and the answer. */
interface Asked extends Omit<Family, 'byDestination'> {
  readonly destination: Destination
  readonly consumerGroup: string | undefined
  readonly operation: Operation
}

function isSame(
  asked: Asked,
  type: OperationType | undefined,
  name: string,
  system: string,
  destination: Destination,
  consumerGroup: string | undefined,
): boolean {
  const { destination: known } = asked
  return (
    asked.name === name &&
    asked.type === type &&
    asked.system === system &&
    asked.consumerGroup === consumerGroup &&
    (known === destination ||
      (known.name === destination.name &&
        known.template === destination.template &&
        known.temporary === destination.temporary &&
        known.address === destination.address &&
        known.anonymous === destination.anonymous))
  )
}

/** So many destinations of one common template have names of their own. */
const MOST_ALIKE = 100

/**
 * @param templateOf the user's low-cardinality names for destinations
 * @param peerFor the other end of what is made or handled, by its system. Default: none is named
 */
export function createOperations(
  names: Names,
  templateOf: (system: string, destination: Destination) => string | undefined,
  bound: Labels,
  peerFor: (system: string) => string | undefined = () => undefined,
): DescribeOperation {
  const families: Family[] = []
  // Most messages go the way of the one before.
  let last: Asked | undefined

  return (type, name, system, destination, consumerGroup) => {
    if (last !== undefined && isSame(last, type, name, system, destination, consumerGroup)) return last.operation
    const { byDestination } = familyOf(type, name, system)
    const key = keyOf(textOf(destination, consumerGroup))
    let operation = byDestination.get(key)
    if (operation === undefined) {
      if (byDestination.size >= REMEMBERED) byDestination.clear()
      operation = describe(type, name, system, destination, consumerGroup)
      byDestination.set(key, operation)
    }
    last = { type, name, system, destination, consumerGroup, operation }
    return operation
  }

  function familyOf(type: OperationType | undefined, name: string, system: string): Family {
    for (const family of families) {
      if (family.name === name && family.type === type && family.system === system) return family
    }
    const family: Family = { type, name, system, byDestination: new Map() }
    // Verbs and systems are the adapters', never a message's.
    families.push(family)
    return family
  }

  function describe(
    type: OperationType | undefined,
    operationName: string,
    system: string,
    destination: Destination,
    consumerGroup: string | undefined,
  ): Operation {
    // An empty name is none: a span name must not end in a blank.
    const name = boundedName(destination.name ?? '') || undefined
    const template = templateFor(system, destination, name)
    const vague = destination.temporary === true || destination.anonymous === true
    const label = template === undefined ? 'destination' : 'template'
    const shortName = template ?? (vague ? undefined : name)
    const place = shortName === undefined ? undefined : bound.bounded('destination', shortName)

    const attributes: Attributes = {}
    names.system(attributes, system)
    names.set(attributes, 'operationName', operationName)
    names.set(attributes, 'operationType', type)
    const labels = Object.assign({}, attributes)
    names.set(labels, label, place)
    if (consumerGroup !== undefined) {
      names.set(labels, 'consumerGroup', bound.bounded('consumer group', boundedName(consumerGroup)))
    }
    names.set(attributes, 'template', template)
    names.set(attributes, 'consumerGroup', consumerGroup)
    if (system === 'kafka') names.alias(attributes, 'consumerGroup', consumerGroup)
    names.set(attributes, 'destination', name)
    names.set(attributes, 'temporary', destination.temporary === true ? true : undefined)
    names.set(attributes, 'anonymous', destination.anonymous === true ? true : undefined)
    // A send is a PRODUCER span or a CLIENT one: its span says it.
    const peer = type === 'create' || type === 'process' ? peerFor(system) : undefined
    if (peer !== undefined) attributes[PEER_SERVICE] = peer
    return { spanName: place === undefined ? operationName : `${operationName} ${place}`, attributes, labels }
  }

  /** That of the adapter, of the user, or the one of all destinations alike, if there are too many. */
  function templateFor(system: string, destination: Destination, name: string | undefined): string | undefined {
    const own = boundedName(destination.template || templateOf(system, destination) || '') || undefined
    const common = boundedName(destination.commonTemplate ?? '')
    const shortName = own ?? name
    if (common === '' || shortName === undefined || bound.fits(common, shortName, MOST_ALIKE)) return own
    return common
  }
}

/** The name alone, where there is no more to it. */
function textOf(destination: Destination, consumerGroup: string | undefined): string {
  const { name = '', template = '', temporary, anonymous } = destination
  const vague = temporary ?? anonymous
  if (consumerGroup === undefined && template === '' && vague === undefined) return name
  return `${name}\n${template}\n${temporary}${anonymous}\n${consumerGroup}`
}
