import {
  copyWith,
  isObject,
  replaceFields,
  type Injection,
  type Publication,
  type SendResults,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import type { Next, OutgoingEntry, Response, SendInput } from './client.ts'
import { queueOfUrl, SYSTEM, toOutgoing, toSendResults } from './describe.ts'
import { createBudget, formatTraceHeader, toAttribute, TRACE_HEADER } from './headers.ts'

/** Marks an input of ours that is traced already. A copy that somebody else's middleware makes of it has the mark, too. */
export const MOVED: unique symbol = Symbol.for('tracebaton.sqs.moved.1')

/** `SendMessage`, whose input is the message, and `SendMessageBatch`, of which each entry gets a context. */
export function traceSend(tracing: AdapterTracing, next: Next, batch: boolean): Next {
  return (args) => {
    const input = args.input as SendInput & { [MOVED]?: true; Entries?: readonly OutgoingEntry[] }
    if (input[MOVED] === true) {
      const { [MOVED]: _, ...rest } = input
      return next({ ...args, input: rest })
    }
    const entries: readonly OutgoingEntry[] | undefined = batch ? input.Entries : [input]
    // The client's own error is better than any of ours, for a list with holes, too.
    if (!Array.isArray(entries) || entries.length === 0 || entries.includes(undefined)) return next(args)
    const publication = tracing.guard(() =>
      toPublication(tracing, input.QueueUrl, entries, batch, (response) =>
        toSendResults((response as Response).output, entries),
      ),
    )
    if (publication === undefined) return next(args)
    return tracing.send(publication, (injections) => {
      const copies = entries.map((entry, index) => inject(tracing, entry, injections[index]))
      const written = batch ? tracing.guard(() => copyWith(input, { Entries: copies })) : copies[0]
      return next({ ...args, input: written ?? input })
    })
  }
}

/** @param delay of the one message, ms. Default: what the service is asked for */
export function toPublication(
  tracing: AdapterTracing,
  queueUrl: string | undefined,
  entries: readonly OutgoingEntry[],
  batch: boolean,
  results: (answer: unknown) => SendResults,
  delay?: number,
): Publication {
  const { destination, facts } = queueOfUrl(queueUrl)
  const fits = createBudget(entries, tracing.maxMessageBytes)
  return {
    system: SYSTEM,
    operation: 'send',
    destination,
    facts,
    batch,
    messages: entries.map((entry, index) => toOutgoing(entry, (fields) => fits(index, fields, tracing.isField), delay)),
    results,
  }
}

/** The message itself where there is nothing to write, else a copy. */
export function inject<Entry extends OutgoingEntry>(
  tracing: AdapterTracing,
  entry: Entry,
  injection: Injection | undefined,
): Entry {
  if (injection === undefined) return entry
  return (
    tracing.guard(() => {
      const { fields, slot, anew } = injection
      const { MessageAttributes } = entry
      // What is no message, or no attributes, is the service's to refuse.
      if (!isObject(entry) || (fields !== undefined && typeof (MessageAttributes ?? {}) !== 'object')) return entry
      const changes: Writable = {}
      if (fields !== undefined)
        changes.MessageAttributes = replaceFields(MessageAttributes, fields, tracing.isField, toAttribute)
      // Of system attributes there is none but the broker's own slot.
      if (anew === true) changes.MessageSystemAttributes = undefined
      if (slot !== undefined) {
        const others = anew === true ? undefined : entry.MessageSystemAttributes
        changes.MessageSystemAttributes = { ...others, [TRACE_HEADER]: toAttribute(formatTraceHeader(slot)) }
      }
      return copyWith(entry, changes as Partial<Entry>)
    }) ?? entry
  )
}

type Writable = { -readonly [Name in 'MessageAttributes' | 'MessageSystemAttributes']?: OutgoingEntry[Name] }
