// What docs/options.md says: every option of every package, out of the comments in the sources, with an example each.
import { readFileSync } from 'node:fs'
import { optionsIn, within } from './options-in.js'

const CORE = 'packages/core/src'

/** The options that belong to others: those of `deadLetter` and `hooks` have a type of their own. */
const PARTS = {
  deadLetter: [`${CORE}/wire/move-facts.ts`, 'FailurePolicy'],
  hooks: [`${CORE}/runtime.ts`, 'Hooks'],
}

/** Types that are worth spelling out, and where they are. */
const NAMED = {
  Relation: `${CORE}/base/policy.ts`,
  Trust: `${CORE}/base/policy.ts`,
  OutcomeOf: `${CORE}/base/policy.ts`,
  BaggagePolicy: `${CORE}/wire/format.ts`,
  Convention: `${CORE}/base/names.ts`,
  OnError: `${CORE}/base/report.ts`,
  Redact: `${CORE}/base/report.ts`,
}

/**
 * The page. `open` and `close` stand around the examples of a section, which are compiled with those of the other pages.
 */
const SECTIONS = [
  {
    heading: 'Tracing',
    text: 'Options of `createTracing`, and of every function of every adapter.',
    types: [[`${CORE}/options.ts`, 'TracingOptions']],
    open: "import { W3CTraceContextPropagator } from '@opentelemetry/core'\nimport { metrics, trace } from '@opentelemetry/api'\nimport { createTracing } from '@tracebaton/core'\n\nexport const tracing = createTracing({",
    close: '})',
    examples: {
      relation: "'link'",
      trust: "({ destination }) => (destination.name === 'partner-orders' ? 'link-only' : 'full')",
      maxTraceAge: '60 * 60_000',
      baggage: "['tenant']",
      errorStatus: "'terminal'",
      followUp: "'producer'",
      peerService: "'kafka'",
      maxOpen: '10 * 60_000',
      spanPerMessageUpTo: '1',
      maxMessageBytes: '262_144',
      republish: "({ destination }) => (destination.name === 'orders-retry' ? 'retry' : undefined)",
      outcomeOf: "(result) => (result === 'again' ? 'requeued' : undefined)",
      'deadLetter.errorMessage': 'false',
      'deadLetter.errorStack': 'true',
      'deadLetter.redact': "(text) => text.replaceAll(/\\d{16}/g, '…')",
      convention: "'1.45'",
      'spans.settle': 'true',
      'spans.emptyReceive': 'true',
      'capture.messageKey': "'on'",
      'capture.bodySize': 'true',
      destinationTemplate: "({ name }) => (name?.startsWith('reply-') ? 'reply-{id}' : undefined)",
      'hooks.onSend': "(span) => span.setAttribute('team', 'shop')",
      'hooks.onReceive': "(span, deliveries) => span.setAttribute('fetched', deliveries.length)",
      'hooks.onProcess': "(span) => span.setAttribute('team', 'billing')",
      'hooks.onSettle': "(span, { outcome }) => span.setAttribute('settled', outcome ?? 'unknown')",
      onError: '(error, { stage }) => console.warn(stage, error)',
      tracerProvider: 'trace.getTracerProvider()',
      meterProvider: 'metrics.getMeterProvider()',
      propagator: 'new W3CTraceContextPropagator()',
    },
  },
  {
    heading: 'Shared options',
    text: 'One more option of every function of an adapter, in the place of those above.',
    types: [[`${CORE}/tracing.ts`, 'TracingInput']],
    open: "import { createTracing } from '@tracebaton/core'\nimport type { KafkaOptions } from '@tracebaton/kafka'\n\nexport const options: KafkaOptions = {",
    close: '}',
    examples: { tracing: "createTracing({ relation: 'link' })" },
  },
  {
    heading: '`@tracebaton/kafka`',
    text: '`traceConsumer` takes `groupId` and `clientId`, `traceKafka` and `traceProducer` only `clientId`; the others are of `traceHandler`.',
    types: [
      ['packages/kafka/src/consumer.ts', 'ConsumerOptions'],
      ['packages/kafka/src/consumer.ts', 'HandlerOptions'],
    ],
    open: "import type { ConsumerOptions, HandlerOptions } from '@tracebaton/kafka'\n\nexport const options: ConsumerOptions & HandlerOptions = {",
    close: '}',
    examples: { groupId: "'billing'", clientId: "'billing-7'", topic: "'orders'", partition: '0' },
  },
  {
    heading: '`@tracebaton/amqp`',
    text: 'Of `traceHandler`; `traceConnection` and `traceChannel` take no others.',
    types: [['packages/amqp/src/consumer.ts', 'HandlerOptions']],
    open: "import type { HandlerOptions } from '@tracebaton/amqp'\n\nexport const options: HandlerOptions = {",
    close: '}',
    examples: { queue: "'orders'" },
  },
  {
    heading: '`@tracebaton/sqs`',
    text: 'The first is one of `traceSqs`, the others of `traceHandler` and `forEachMessage`.',
    types: [
      ['packages/sqs/src/trace.ts', 'SqsOptions'],
      ['packages/sqs/src/consumer.ts', 'HandlerOptions'],
    ],
    open: "import type { HandlerOptions, SqsOptions } from '@tracebaton/sqs'\n\nexport const options: SqsOptions & HandlerOptions = {",
    close: '}',
    examples: {
      legacyAttributeNames: 'true',
      queueUrl: "'https://sqs.eu-west-1.amazonaws.com/123456789012/orders'",
      maxReceiveCount: '3',
    },
  },
  {
    heading: '`@tracebaton/bullmq`',
    text: 'Of `bullmqTelemetry`, and of `traceHandler` in `@tracebaton/bullmq/sandbox`.',
    types: [
      ['packages/bullmq/src/telemetry/telemetry.ts', 'TelemetryOptions'],
      ['packages/bullmq/src/sandbox.ts', 'SandboxOptions'],
    ],
    open: "import type { TelemetryOptions } from '@tracebaton/bullmq'\nimport type { SandboxOptions } from '@tracebaton/bullmq/sandbox'\n\nexport const options: TelemetryOptions & SandboxOptions = {",
    close: '}',
    examples: { sandboxed: 'true', flush: 'false' },
  },
  {
    heading: 'Moves',
    text: '`retryLater` takes the first four, `deadLetter` `to` (which it needs) and `error`, and `redrive` only `to`; in every adapter.',
    types: [[`${CORE}/types.ts`, 'RetryOptions']],
    open: "import type { RetryOptions } from '@tracebaton/kafka'\n\nexport const options: RetryOptions = {",
    close: '}',
    examples: { to: "'orders-retry'", error: "new Error('out of stock')", delay: '5000', maxAttempts: '3' },
  },
  {
    heading: '`@tracebaton/instrumentation`',
    text: 'Besides all of tracing but the providers, which the SDK hands over.',
    types: [
      ['packages/instrumentation/src/instrumentation.ts', 'TracebatonConfig'],
      ['packages/instrumentation/src/all.ts', 'TracebatonOptions'],
      ['packages/instrumentation/src/bullmq.ts', 'BullMQConfig', 'bullmq'],
      ['packages/instrumentation/src/sqs.ts', 'SqsConfig', 'sqs'],
    ],
    open: "import { getTracebatonInstrumentations } from '@tracebaton/instrumentation'\n\nexport const instrumentations = getTracebatonInstrumentations({",
    close: '})',
    examples: {
      enabled: 'true',
      amqplib: 'false',
      'bullmq.sandboxes': 'true',
      kafkajs: "{ relation: 'link' }",
      'sqs.legacyAttributeNames': 'true',
    },
  },
]

/** The page as text. Throws where an option has no default or no example, and where an example is of no option. */
export function optionsPage() {
  return [
    '# Options\n\nGenerated from the sources; run `npx vitest --project unit -u options-page` to write it anew. Every option may be left out,\nand every default fits most users. Wrong ones are said once and not taken.\n',
    ...SECTIONS.map(sectionText),
  ].join('\n')
}

function sectionText({ heading, text, types, open, close, examples }) {
  const options = types.flatMap(([file, name, of]) => {
    const own = withParts(read(file, name))
    return of === undefined ? own : within(of, own)
  })
  const distinct = [...new Map(options.map((option) => [option.name, option])).values()]
  const unknown = Object.keys(examples).filter((name) => !distinct.some((option) => option.name === name))
  if (unknown.length > 0) throw new Error(`${heading} has no option ${unknown.join()}`)
  const rows = distinct.map((option) => {
    if (!option.standard) throw new Error(`${option.name} of ${heading} has no @default`)
    if (!Object.keys(examples).some((name) => `${name}.`.startsWith(`${option.name}.`)))
      throw new Error(`${option.name} of ${heading} has no example`)
    const cells = [
      `\`${option.name}\``,
      code(spelled(option.type)),
      option.unit || '–',
      option.standard,
      option.meaning,
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  })
  return [
    `## ${heading}`,
    text,
    ['| option | type | unit | default | what it is |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    `\`\`\`ts\n${open}\n${exampleText(examples)}\n${close}\n\`\`\`\n`,
  ].join('\n\n')
}

function exampleText(examples) {
  const lines = []
  let group = ''
  for (const [name, value] of Object.entries(examples)) {
    const [first, second] = name.split('.')
    if (group !== '' && first !== group) lines.push('  },')
    if (second !== undefined && first !== group) lines.push(`  ${first}: {`)
    group = second === undefined ? '' : first
    lines.push(second === undefined ? `  ${first}: ${value},` : `    ${second}: ${value},`)
  }
  if (group !== '') lines.push('  },')
  return lines.join('\n')
}

function withParts(options) {
  return options.flatMap((option) => {
    const part = PARTS[option.name]
    return part ? within(option.name, read(...part)) : [option]
  })
}

function read(file, name) {
  return optionsIn(readFileSync(file, 'utf8'), name)
}

function spelled(type) {
  return type.replaceAll(/\b[A-Z]\w+\b/g, (name) => {
    const source = Object.hasOwn(NAMED, name) ? readFileSync(NAMED[name], 'utf8') : ''
    const [, text] = new RegExp(`^export type ${name} = (.+)$`, 'm').exec(source) ?? []
    return text === undefined || text.includes('{ of(') ? name : text
  })
}

function code(text) {
  return `\`${text}\``
}
