/**
 * Ways to break core, one at a time. `edits`: exact text of a source file, once in it, and what stands there instead.
 * `caughtBy`: the scenario of the contract suite that has to go red.
 */
export const mutations = [
  {
    name: 'the creation context is not linked',
    file: 'verdict/relation.ts',
    edits: [["if (creation !== undefined) links.push({ role: 'creation', context: creation })", '']],
    caughtBy: 'a sent message is handled in a child span that also links the send',
  },
  {
    name: 'the previous attempt is not linked',
    file: 'verdict/relation.ts',
    edits: [
      ["if (previousAttempt !== undefined) links.push({ role: 'previous_attempt', context: previousAttempt })", ''],
    ],
    caughtBy: 'the attempts of a message are siblings below its send, numbered, each linking the one before',
  },
  {
    name: 'the batch is not linked',
    file: 'verdict/relation.ts',
    edits: [["if (batch !== undefined) links.push({ role: 'batch', context: batch })", '']],
    caughtBy: 'the attempts of a batch link the span of the batch',
  },
  {
    name: 'a message lives in its trace for ever',
    file: 'verdict/relation.ts',
    edits: [["if (age !== undefined && age > delivery.maxTraceAge) return 'none'", '']],
    caughtBy: 'a message older than a trace may live starts another one, linked',
  },
  {
    name: 'a dead letter stays in the trace of the message',
    file: 'verdict/relation.ts',
    edits: [["if (delivery.deadLetter || delivery.scheduled) return 'none'", '']],
    caughtBy: 'a dead letter begins a trace, linked to the last attempt and to the send, and counts from one',
  },
  {
    name: 'somebody who is trusted for links only decides on sampling',
    file: 'verdict/relation.ts',
    edits: [['return context && { ...context, traceFlags: TraceFlags.NONE }', 'return context']],
    caughtBy: 'of a producer that is trusted for links only, the context is a link that decides nothing',
  },
  {
    name: 'all brokers are one',
    file: 'operations/plan.ts',
    edits: [['areDifferent([runtime.broker], [judged.broker]) || ', '']],
    caughtBy: 'a place of the same name on a broker that is called otherwise is another place',
  },
  {
    name: 'a relay believes everybody',
    file: 'operations/plan.ts',
    edits: [['believe(trustFor(arrival), creation, undefined)', "believe('full', creation, void trustFor(arrival))"]],
    caughtBy: 'of a message that is relayed for somebody who is trusted for links only, the context decides nothing',
  },
  {
    name: 'a root is none: the flag is missing',
    file: 'operations/attempt.ts',
    edits: [["root: parent === 'none',", '']],
    caughtBy: 'link mode gives a real root, with the link and with the baggage of the message',
  },
  {
    name: 'the active span is the parent',
    file: 'operations/attempt.ts',
    edits: [
      ["root: parent === 'none',", ''],
      ["parent === 'ambient' ? outer : carried,", 'outer,'],
    ],
    caughtBy: 'no message inherits the span, or the baggage, with which its consumer was started',
  },
  {
    name: 'the handler starts from the active context',
    file: 'operations/attempt.ts',
    edits: [["const base = parent === 'ambient' ? withBaggageOf(outer, carried) : carried", 'const base = outer']],
    caughtBy: 'no message inherits the span, or the baggage, with which its consumer was started',
  },
  {
    name: 'the handler does not run in the context of its attempt',
    file: 'operations/attempt.ts',
    edits: [['context: setHandling(activate(base, span), handling),', 'context: outer,']],
    caughtBy: 'what a handler does is a child of its attempt, and so is what it sends',
  },
  {
    name: 'links are added after the start',
    file: 'operations/attempt.ts',
    edits: [
      ['links: capLinks(\n        links.map(', 'links: capLinks(\n        links.slice(links.length).map('],
      [
        '  const base = parent ===',
        '  span.span?.addLinks(links.map(({ role, context }): Link => ({ context, attributes: linkAttributes(role) })))\n' +
          '  const base = parent ===',
      ],
    ],
    caughtBy: 'links are given at the start of a span, where samplers see them',
  },
  {
    name: 'a batch is the child of its first message',
    file: 'operations/batch.ts',
    edits: [
      ["root: parent === 'none',\n    },\n    base,", '},\n    judgeForHandling(runtime, first).carried,'],
      ['import { judge }', 'import { judge, judgeForHandling }'],
    ],
    caughtBy: 'a batch is a root: no message of it is its parent, and neither is the span it was started in',
  },
  {
    name: 'links beyond the limit are left to the SDK',
    file: 'verdict/links.ts',
    edits: [['if (links.length <= most) return', 'if (links.length >= 0) return']],
    caughtBy: 'a batch of more messages than a span may have links keeps the newest and says how many there were',
  },
  {
    name: 'a handler that throws leaves its span open',
    file: 'base/call.ts',
    edits: [['    tell({ failed: true, error })\n    throw error', '    throw error']],
    caughtBy: 'a handler that throws at once ends its span as an error, and the broker gets to know',
  },
  {
    name: 'a handler’s promise is not awaited',
    file: 'base/call.ts',
    edits: [['if (!isThenable(value)) {', 'if (value !== tell) {']],
    caughtBy: 'a handler’s promise is awaited: its span is open until the work is done',
  },
  {
    name: 'a failure does not set the status',
    file: 'otel/span.ts',
    edits: [
      [
        "this.#report.guard('span', () => this.span?.setStatus({ code: SpanStatusCode.ERROR, message }))",
        'void message',
      ],
    ],
    caughtBy: 'a handler that throws at once ends its span as an error, and the broker gets to know',
  },
  {
    name: 'without an SDK an empty context hides the one of the message',
    file: 'otel/span.ts',
    edits: [['span === undefined || spanContext === undefined ? context', 'span === undefined ? context']],
    caughtBy: 'without an SDK a context passes from the message to the handler and to what it sends',
  },
  {
    name: 'every producer is trusted',
    file: 'verdict/judgement.ts',
    edits: [['const trust = runtime.trustFor(arrival)', "const trust = 'full' as Trust"]],
    caughtBy: 'of a producer that is ignored nothing is taken',
  },
  {
    name: 'the time in the queue is measured again with each delivery',
    file: 'verdict/judgement.ts',
    edits: [['if (!attempt.firstDelivery || told', 'if (told']],
    caughtBy: 'the time in the queue is measured once for each message',
  },
  {
    name: 'every attempt is the first',
    file: 'verdict/attempt-count.ts',
    edits: [['const attempt = Math.max(told, remembered)', 'const attempt = 1']],
    caughtBy: 'the attempts of a message are siblings below its send, numbered, each linking the one before',
  },
  {
    name: 'a stale history is believed',
    file: 'wire/lineage.ts',
    edits: [['return sameSpan(lineage.creation, creation)', 'return creation !== undefined']],
    caughtBy: 'a history written for another context is stale: its context is the origin, its numbers are nobody’s',
  },
  {
    name: 'a retry does not count on',
    file: 'verdict/step.ts',
    edits: [['attempt: retry ? attempt.attempt + 1 : 1,', 'attempt: 1,']],
    caughtBy: 'a message that its handler sends back is the same message: one context, the next attempt, linked',
  },
  {
    name: 'earlier fields stay beside the new ones',
    file: 'wire/carrier.ts',
    edits: [['removeFields(copy, (name) => isField(name) && !Object.hasOwn(fields, name))', '']],
    caughtBy: 'a context written by hand from the active span is replaced, with all that stands beside it',
  },
  {
    name: 'the caller’s headers are written to',
    file: 'wire/carrier.ts',
    edits: [['Object.assign({}, headers)', '((headers ?? {}) as Record<string, Value>)']],
    caughtBy: 'a frozen message is sent, and stays as it is',
  },
  {
    name: 'bytes are not read',
    file: 'wire/carrier.ts',
    edits: [["if (!types.isUint8Array(value)) return ''", "if (value !== types) return ''"]],
    caughtBy: 'a traceparent in bytes is read like text',
  },
  {
    name: 'baggage is not read',
    file: 'wire/w3c.ts',
    edits: [
      [
        "return { context: readBaggage(context, headers), creation, status: 'present' }",
        "return { context, creation, status: 'present' }",
      ],
    ],
    caughtBy: 'baggage travels from the sender to the handler',
  },
  {
    name: 'the list of baggage entries is not heeded',
    file: 'wire/baggage-policy.ts',
    edits: [
      ['policy === false ? undefined : allowedBaggage(baggage, policy)', 'policy === false ? undefined : baggage'],
    ],
    caughtBy: 'baggage that the list does not name neither leaves nor enters',
  },
  {
    name: 'of two contexts the first is taken',
    file: 'wire/headers.ts',
    edits: [['return texts.length === 1 ? texts[0] : undefined', 'return texts[0]']],
    caughtBy: 'of two different contexts on a message neither is believed',
  },
  {
    name: 'the tracestate is lost on the way',
    file: 'wire/w3c.ts',
    edits: [['if (traceState !== undefined) creation.traceState = traceState', '']],
    caughtBy: 'a tracestate with the keys of today travels on, and a malformed one costs only itself',
  },
  {
    name: 'a context on a message is overwritten',
    file: 'operations/plan.ts',
    edits: [
      [
        "found === undefined) {\n    return toPlan(message, extracted, 'keep',",
        "found === undefined) {\n    return toPlan(message, extracted, 'create',",
      ],
    ],
    caughtBy: 'the context of somebody else’s message is kept, and linked',
  },
  {
    name: 'the messages of a call share a context',
    file: 'operations/send.ts',
    edits: [['created === undefined ? (shared', 'created !== null ? (shared']],
    caughtBy: 'messages that share one bag of headers leave with a context each',
  },
  {
    name: 'every send of a handler is a retry',
    file: 'operations/plan.ts',
    edits: [["(isHome(runtime, asked, found.judged) ? ('retry' as const) : 'forward')", "'retry'"]],
    caughtBy: 'headers copied onto a message for another destination make a new message, linked to the old one',
  },
  {
    name: 'what is in flight never lands',
    file: 'otel/metrics.ts',
    edits: [["return () => report.guard('metrics', () => inFlight?.add(-messages, labels))", 'return () => undefined']],
    caughtBy: 'metrics count what was sent, received and handled',
  },
  {
    name: 'our own failures reach the host',
    file: 'base/report.ts',
    edits: [
      ['report.failed(stage, error)\n        return undefined', 'report.failed(stage, error)\n        throw error'],
    ],
    caughtBy: 'broken telemetry changes nothing for a send or for a handler',
  },
  {
    name: 'a move belongs to the handler around it, and after that to nobody',
    file: 'operations/move.ts',
    edits: [
      [
        'handling === undefined ? rememberedContext(judged) : handling.spanContext',
        'void rememberedContext(judged) ?? getHandling(active)?.spanContext',
      ],
    ],
    caughtBy: 'a message that is moved after its handler still belongs to its attempt',
  },
  {
    name: 'where a message was at first is written with each move',
    file: 'operations/next-facts.ts',
    edits: [['moved?.originalDestination === undefined\n      ? {', 'moved !== null\n      ? {']],
    caughtBy: 'a message that dies again after a redrive has a new history, and its old origin',
  },
  {
    name: 'a dead letter that comes back stays one',
    file: 'verdict/judgement.ts',
    edits: [["if (lineage?.kind !== 'dead_letter') return lineage", 'if (lineage !== null) return lineage']],
    caughtBy: 'a dead letter that somebody puts back by hand is a redrive',
  },
  {
    name: 'a dead letter that is tried again is none any more',
    file: 'verdict/step.ts',
    edits: [["step.deadLetter ? 'dead_letter' : delay", 'delay']],
    caughtBy: 'a dead letter that is tried again stays one, until somebody puts it back',
  },
  {
    name: 'an attempt that gave its message up has not failed',
    file: 'operations/send.ts',
    edits: [['moved.handling.failure = moved.failure', 'void moved.failure']],
    caughtBy: 'of a message that is given up exactly one span is an error, where only the end counts',
  },
  {
    name: 'the wait that was asked for is time in the queue',
    file: 'verdict/step.ts',
    edits: [['delay: delay > 0 ? delay : undefined,', 'delay: undefined,']],
    caughtBy: 'a message that is to wait says so, and the wait is no time in the queue',
  },
]
