import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import {
  ALIASES,
  FACT_HEADERS,
  FACTS_HEADER,
  METRICS,
  MOVED_FIELDS,
  OLDER_SYSTEMS,
  OURS,
  PEER_SERVICE,
  SLOT_MARK,
  STANDARD,
  SYSTEM,
} from '../../src/base/names.ts'
import { OnDemandReader } from '../counting.ts'

/** When each attribute of ours is there, and what it says. */
const MEANINGS: { readonly [Key in keyof typeof OURS]: string } = {
  attempt: 'on every process span, from its start: which attempt this is, from 1',
  maxAttempts: 'attempts allowed, where known',
  attemptSource: '`field`, `memory`, `broker` or `assumed`: who counted',
  kind: '`first`, `immediate`, `delayed`, `redelivery`, `dead_letter` or `redrive`: why there is this attempt',
  redrives: 'how often the message came back from a dead-letter queue, if it did',
  outcome: '`acked`, `requeued`, `retry_scheduled`, `rejected`, `dead_lettered`, `discarded` or `abandoned`',
  previousAttempt: '`unknown` on an attempt after the first whose predecessor cannot be linked',
  deadLetterSource: 'on the attempts of a dead letter, and on the send that makes one: where it came from',
  deadLetterReason: 'on the same spans: why, in the words of the broker, or the type of the error',
  contextStatus: '`absent`, `malformed` or `untrusted`, where the message has no context that could be used',
  originTraceId: 'trace id of the first send, where the message carries another context by now',
  creationTraceId: 'trace id of the send, where the span belongs to another trace',
  journeyTraceId:
    'on process and send spans, and on links of batches: trace id of the first send of the journey, where that is another trace',
  followUp:
    '`dead_lettered`, `failed` or `waited`, on the span of no length that the option `followUp` makes in the trace of a producer',
  samplingReason: '`attempt` or `dead_letter` on what `journeySampler` sampled for this reason alone',
  queueTime: 'seconds in the queue, on the first delivery of a copy, without the delay that was asked for',
  queueAge: 'seconds since the message was first sent',
  linksTotal: 'how many links there would have been, where some were left out',
  linkRole:
    'on every link: `creation`, `previous_attempt`, `origin`, `message`, `batch`, `attempt`, `scheduler`, `child_job` or a word of the adapter',
  linkDecides:
    '`false` on a link that decides nothing on sampling: of a producer that is not trusted in full, or of a platform',
  confirm:
    '`unknown` on the span of a publish whose confirmation did not come in time, and which nothing but us waits for',
  reason: 'on `tracebaton.propagation.skipped`: `facts`, `journey`, `essential_only`, `broker_slot` or `no_room`',
  stage: 'on `tracebaton.errors`: where in our own work something failed',
}

/** What each header says on a message that the application moved. */
const FACT_MEANINGS: { readonly [Key in keyof typeof FACT_HEADERS]: string } = {
  originalDestination: 'where it was before its first move; written once, like the next two',
  originalPosition: 'partition and offset, delivery tag, message id or job id there',
  originalConsumer: 'the group or queue that handled it there',
  attempts: 'attempts before the latest move',
  errorType: 'what the last of them failed with, if somebody said so',
  errorMessage: 'the same in its own words, up to 256 characters; the option `deadLetter` leaves it out or redacts it',
  errorStack: 'where it happened, up to 4,096 characters; only where the option `deadLetter` asks for it',
  failedAt: 'time of the latest move, ISO 8601',
}

const LOG_FIELD_MEANINGS: readonly (readonly [name: string, meaning: string])[] = [
  ['trace_id', 'of the active span'],
  ['span_id', 'of the active span'],
  ['trace_flags', 'of the active span, two hex digits'],
  [STANDARD.destination[0], 'where the message came from'],
  [STANDARD.messageId[0], 'of the message'],
  [OURS.attempt, 'which attempt this is, from 1'],
  [OURS.maxAttempts, 'where known'],
  [OURS.kind, 'where it is not `first`'],
  [OURS.redrives, 'where there were any'],
  [OURS.originTraceId, 'of the origin, else of the send, where the span belongs to another trace'],
  [OURS.journeyTraceId, 'of the first send of the journey, where the span belongs to another trace'],
  [MOVED_FIELDS.originalDestination, 'of a message that was moved: where it was before its first move'],
  [MOVED_FIELDS.attempts, 'attempts before the latest move'],
  [MOVED_FIELDS.errorType, 'what the last of them failed with'],
]

const INSTRUMENTS: { readonly [Key in keyof typeof METRICS]: string } = {
  operationDuration: 'histogram',
  processDuration: 'histogram',
  sent: 'counter',
  unconfirmed: 'counter',
  consumed: 'counter',
  queueTime: 'histogram',
  deliveries: 'counter',
  inFlight: 'up-down counter',
  oldestAge: 'observable gauge',
  skipped: 'counter',
  errors: 'counter',
}

/** How the SDK's own exporter for Prometheus spells each metric. */
async function spelledByTheSdk(): Promise<readonly string[]> {
  const reader = new OnDemandReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('names')
  const make: Readonly<Record<string, (name: string, options: { unit: string; description: string }) => void>> = {
    histogram: (...told) => meter.createHistogram(...told).record(1),
    counter: (...told) => meter.createCounter(...told).add(1),
    'up-down counter': (...told) => meter.createUpDownCounter(...told).add(1),
    'observable gauge': (...told) => meter.createObservableGauge(...told).addCallback((result) => result.observe(1)),
  }
  for (const key of Object.keys(METRICS) as (keyof typeof METRICS)[]) {
    const [name, unit, description] = METRICS[key]
    make[INSTRUMENTS[key]]?.(name, { unit, description })
  }
  const { resourceMetrics } = await reader.collect()
  // The exporter brings an SDK of its own, with enumerations of its own.
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
  const text = new PrometheusSerializer().serialize(resourceMetrics)
  const spelled = text
    .split('\n')
    .flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? [])
    .filter((name) => name !== 'target_info')
  // The order of the instruments.
  return (Object.keys(METRICS) as (keyof typeof METRICS)[]).map((key) => {
    const start = METRICS[key][0].replaceAll('.', '_')
    return spelled.find((name) => name === start || name === `${start}_total`) ?? `not exported: ${start}`
  })
}

/** How the Collector and Prometheus' own receiver for OTLP spell a metric: with its unit, and `_total` last. */
function spelledByTheCollector(key: keyof typeof METRICS): string {
  const [name, unit] = METRICS[key]
  return name.replaceAll('.', '_') + (unit === 's' ? '_seconds' : '') + (INSTRUMENTS[key] === 'counter' ? '_total' : '')
}

test('the page of names says what the table of names says', async () => {
  const byTheSdk = await spelledByTheSdk()
  const older = Object.entries(OLDER_SYSTEMS).map(([now, before]) => `\`${now}\` was \`${before}\``)
  const page = `# Names of spans, attributes and metrics

Generated from \`packages/core/src/base/names.ts\`; run \`npx vitest --project unit -u names-page\` to write it anew.

Spans are called \`<verb> <destination>\`: the client's verb, and the destination's template, else its name where the name
has few values, else nothing. Success leaves the status unset.

The option \`convention\` chooses among three sets of names, \`compatible\` (the default: 1.45 and the older attribute for
the messaging system beside it, which today's backends look at), \`1.45\` and \`1.44\`. Where the option is not set,
\`OTEL_SEMCONV_STABILITY_OPT_IN\` counts: \`messaging\` means 1.45, \`messaging/dup\` both 1.45 and 1.44.

The instrumentation scope of spans and metrics is the adapter's package and its version, \`@tracebaton/kafka\` for example, with
the schema URL of 1.45.0, or of 1.44.0 under \`1.44\`.

Names and ids on spans and metrics have up to 256 characters, \`error.type\` 128, the message of an error 1,024 and its
stack 4,096. Control characters become blanks, credentials in URLs go, and so do numbers beyond ±2^53. A label of metrics has up to
500 values for each scope, and so have the names of spans: \`_other\` stands for the others, which is said once.
RabbitMQ's messages of one exchange, or of one exchange and queue, have up to 100 names: after that \`#\` stands for the
routing key.

## Standard attributes

| 1.45 | 1.44 |
| --- | --- |
| \`${SYSTEM[0]}\` | \`${SYSTEM[1]}\` (${older.join(', ')}) |
${Object.values(STANDARD)
  .map(([now, before]) => `| \`${now}\` | ${before === undefined ? 'the same' : `\`${before}\``} |`)
  .join('\n')}

On spans, SigNoz's pages on Kafka look for \`${ALIASES.consumerGroup}\` and \`${ALIASES.clientId}\`. They stand beside
\`${STANDARD.consumerGroup[0]}\` and \`${STANDARD.clientId[0]}\`, except under 1.45.

\`${PEER_SERVICE}\` stands on PRODUCER and CONSUMER spans where the option \`peerService\` is set.

## Attributes of ours

| attribute | meaning |
| --- | --- |
${(Object.keys(OURS) as (keyof typeof OURS)[]).map((key) => `| \`${OURS[key]}\` | ${MEANINGS[key]} |`).join('\n')}

## Headers of a message that was moved

Beside the context and the \`tracebaton\` field, on retry copies and dead letters. Where a message has no room for so many
(SQS), one header \`${FACTS_HEADER}\` holds them as JSON, by their names without \`tracebaton-\`.

| header | meaning |
| --- | --- |
${(Object.keys(FACT_HEADERS) as (keyof typeof FACT_HEADERS)[])
  .map((key) => `| \`${FACT_HEADERS[key]}\` | ${FACT_MEANINGS[key]} |`)
  .join('\n')}

## In the slot of SQS

Where a message has no room for attributes of ours, the context stands in \`AWSTraceHeader\`, in the form of X-Ray and with the
pair \`${SLOT_MARK}=1\`. It tells our header from a platform's, whose "not sampled" is no decision.

## Metrics

They do not depend on sampling, and carry no ids. Durations are recorded at once; counters are added up and reach the SDK
when it collects, or after 1,000 messages.

| metric | instrument | unit | description |
| --- | --- | --- | --- |
${(Object.keys(METRICS) as (keyof typeof METRICS)[])
  .map((key) => `| \`${METRICS[key][0]}\` | ${INSTRUMENTS[key]} | ${METRICS[key][1]} | ${METRICS[key][2]} |`)
  .join('\n')}

In Prometheus they are called so. The \`PrometheusExporter\` of the SDK leaves the unit out; the Collector's exporters
and Prometheus' own receiver for OTLP write it. Histograms end in \`_bucket\`, \`_sum\` and \`_count\`, and dots in labels
are \`_\`.

| metric | by the SDK's exporter | by the Collector |
| --- | --- | --- |
${(Object.keys(METRICS) as (keyof typeof METRICS)[])
  .map((key, index) => `| \`${METRICS[key][0]}\` | \`${byTheSdk[index]}\` | \`${spelledByTheCollector(key)}\` |`)
  .join('\n')}

The scope of \`${METRICS.oldestAge[0]}\` is \`@tracebaton/core\`, because one callback per meter provider observes all messages
at hand. Up to 10,000 of them are looked at.

## Log fields

\`logFields()\` gives what a log line should say, under the names of the span's attributes: one query finds both. The fields
after the first three are there in the handler of one message.

| field | meaning |
| --- | --- |
${LOG_FIELD_MEANINGS.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`).join('\n')}
`
  await expect(page).toMatchFileSnapshot('../../../../docs/names.md')
})
