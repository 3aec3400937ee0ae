import {
  isObject,
  replaceFields,
  type AdapterTracing,
  type FieldChanges,
  type HeaderGetter,
} from '@tracebaton/core/adapter'

/** Longer metadata is not looked into, so that nonsense costs a worker no time. Characters. */
const MAX_LENGTH = 65_536

type Metadata = Readonly<Record<string, unknown>>

const NONE: Metadata = Object.freeze({})

/**
 * The header fields in a job's metadata: an object of texts, as JSON, which is what `bullmq-otel` writes, too. Other tracers
 * may have put theirs there. `undefined`: it cannot be read.
 */
export function readMetadata(metadata: unknown): Metadata | undefined {
  // BullMQ writes `false` for a job that wants no context.
  return metadata ? parse(metadata) : NONE
}

/** The metadata with fields that replace earlier ones. What else stands there stays, as far as it can be read. */
export function writeMetadata({ isField }: AdapterTracing, metadata: unknown, fields: FieldChanges): string {
  return JSON.stringify(metadata ? replaceFields<unknown>(parse(metadata), fields, isField, (text) => text) : fields)
}

/**
 * The same where BullMQ is told to leave the metadata alone: no context is written, but what a moved job has been through
 * stands beside the one that is there. `undefined`: nothing is to be written.
 */
export function writeHistory({ isField }: AdapterTracing, metadata: unknown, fields: FieldChanges): string | undefined {
  const known = metadata ? parse(metadata) : undefined
  const own = Object.entries(fields).filter(([name]) => name.startsWith('tracebaton'))
  if (known === undefined || own.length === 0 || !Object.keys(known).some((name) => isField(name))) return undefined
  return JSON.stringify(Object.assign(known, Object.fromEntries(own)))
}

/** Reads metadata. An object of texts, as Datadog's tracer puts one there, is read as the JSON that it is on other brokers. */
export const metadataGetter: HeaderGetter<Metadata | undefined> = {
  keys: (metadata) => Object.keys(metadata ?? NONE),
  get(metadata, name) {
    const value = metadata?.[name]
    return isFlat(value) ? JSON.stringify(value) : value
  },
}

/** What is nested deeper is no header, and is not walked. */
function isFlat(value: unknown): boolean {
  if (!isObject(value) || Array.isArray(value)) return false
  return Object.values(value).every((member) => typeof member !== 'object')
}

function parse(metadata: unknown): Record<string, unknown> | undefined {
  if (typeof metadata !== 'string' || metadata.length > MAX_LENGTH) return undefined
  try {
    const value: unknown = JSON.parse(metadata)
    return isObject(value) && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
