import {
  copyWith,
  isObject,
  replaceFields,
  type Injection,
  type Publication,
  type SendResults,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import type { Arguments, Next, OutgoingEntry, Response } from './client.ts'
import { queueOfUrl, SYSTEM, toBatchResults, toOutgoing, toSendResults } from './describe.ts'
import { createBudget, formatTraceHeader, toAttribute, TRACE_HEADER } from './headers.ts'

/** Marks an input of ours that is traced already. A copy that somebody else's middleware makes of it has the mark, too. */
export const MOVED: unique symbol = Symbol.for('tracebaton.sqs.moved.1')

/** `SendMessage`: the input is the message. */
export function traceSend(tracing: AdapterTracing, next: Next): Next {
  return (args) => {
    const input = args.input as OutgoingEntry & { readonly QueueUrl?: string; readonly [MOVED]?: true }
    if (input[MOVED] === true) {
      const { [MOVED]: _, ...rest } = input
      return next(withInput(args, rest))
    }
    return publish(tracing, input.QueueUrl, [input], false, toSendResults, ([injection]) =>
      next(withInput(args, inject(tracing, input, injection))),
    )
  }
}

/** `SendMessageBatch`: a context for each entry. */
export function traceSendBatch(tracing: AdapterTracing, next: Next): Next {
  return (args) => {
    const input = args.input as { readonly QueueUrl?: string; readonly Entries?: readonly OutgoingEntry[] }
    const entries: readonly (OutgoingEntry | undefined)[] | undefined = input.Entries
    // The client's own error is better than any of ours, for a list with holes, too.
    if (!Array.isArray(entries) || entries.length === 0 || entries.includes(undefined)) return next(args)
    return publish(
      tracing,
      input.QueueUrl,
      entries,
      true,
      (output) => toBatchResults(output, entries),
      (injections) => {
        const copies = entries.map((entry, index) => inject(tracing, entry, injections[index]))
        return next(withInput(args, tracing.guard(() => copyWith(input, { Entries: copies })) ?? input))
      },
    )
  }
}

function publish(
  tracing: AdapterTracing,
  queueUrl: string | undefined,
  entries: readonly OutgoingEntry[],
  batch: boolean,
  results: (output: unknown) => SendResults,
  call: (injections: readonly (Injection | undefined)[]) => Promise<Response>,
): Promise<Response> {
  const publication = tracing.guard(() =>
    toPublication(tracing, queueUrl, entries, batch, (response) => results((response as Response).output)),
  )
  return publication === undefined ? call([]) : tracing.send(publication, call)
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

function withInput(args: Arguments, input: unknown): Arguments {
  return { ...args, input }
}
