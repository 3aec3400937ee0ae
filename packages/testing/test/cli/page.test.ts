import { expect, test } from 'vitest'
import { helpFor } from '../../src/cli/help.ts'
import { commands } from '../../src/cli/run.ts'
import type { DiagnosisId } from '../../src/doctor/diagnosis.ts'
import { rules } from '../../src/rules/rules.ts'

const diagnoses: Readonly<Record<DiagnosisId, readonly [where: string, meaning: string]>> = {
  sdk: ['in the process', 'whether an OpenTelemetry SDK is registered'],
  propagator: ['in the process', 'whether a propagator is registered'],
  'context-manager': ['in the process', 'whether a context manager is registered'],
  'sdk-version': ['files', 'the line of the SDK, and whether the API and Node are those that it takes'],
  'api-copies': ['files, in the process', 'copies of `@opentelemetry/api`, and those that do not see the SDK'],
  'client-version': ['files', 'clients whose version is outside of the tested range, or that are not traced yet'],
  instrumentation: [
    'files, in the process',
    'official instrumentations, dd-trace, Sentry and Elastic beside tracebaton, installed or active',
  ],
  'not-patched': [
    'files, in the process',
    'clients that `@tracebaton/instrumentation` has not patched, and why: load order, `--require` order, another loader, a bundle, an npm alias',
  ],
  'sqs-attributes': ['a client given', 'whether an SQS client asks for the context of messages'],
  'bullmq-telemetry': ['a client given', 'whether a BullMQ worker has telemetry'],
  'round-trip': ['a live broker', 'what becomes of the headers of a message that is sent and received'],
}

test('the page of the command says what its code says', async () => {
  const page = `# The command \`tracebaton\`

Generated from \`packages/testing/src/cli\`; run \`npx vitest run --project unit cli/page -u\` to write it anew.

\`\`\`sh
npm install --save-dev @tracebaton/testing
npx tracebaton check traces.jsonl
\`\`\`

It comes with \`@tracebaton/testing\` and reads OTLP JSON: what the Collector's file exporter writes, what
\`otlpJsonLines()\` writes in your tests, one request or an array of them.

\`\`\`yaml
# Collector: one file for check, render and diff
exporters:
  file:
    path: traces.jsonl
\`\`\`

## Rules

\`check\` uses the same rules as the assertions of the package, in unit tests and on production exports alike.

| id | what is true where nothing is found |
| --- | --- |
${rules.map(({ id, title }) => `| \`${id}\` | ${title} |`).join('\n')}

A rule that finds nothing it applies to has judged nothing: \`check\` marks it \`–\`, JUnit calls it skipped, and the
assertion fails. Where no message was handled, so that \`connected\`, \`attempts-in-order\` and \`no-leak\` all have nothing
to judge, \`check\` exits with 3, whatever the other rules say.

A finding of \`conventions\` also says which part: \`conventions/kind\`. \`--rule\` and \`--ignore\` take both forms.

## Large files

Files of up to 24 MiB are judged as a whole, exactly as in a test. Of larger ones each story is judged by itself: the way
of one message and of its moves, with all spans of its traces. A batch is a story of its own: \`batch-links\`,
\`no-dangling-links\` and \`sampling-consistent\` compare it with what is known of the spans that it names. The first pass
finds out which traces belong together; the second collects the spans of a story and judges it when its last span has
come. Where stories are mixed over the whole file, there are more passes. Standard input goes into a temporary file first.

| what | bound | beyond it |
| --- | --- | --- |
| one request (a line) | 64 MiB | left out, and reported with its line |
| a request that is parsed at a time | 4 MiB, in parts | – |
| spans that are held at a time | 64 MiB of the file | more passes |
| one story | 24 MiB of the file | judged one span at a time; the report says how many spans that are |
| what is known of all stories | 30 bytes for each trace and message, 20 for each send of a batch and each of its links | grows with the file |
| findings that are kept | 20 for each rule, or \`--max\`; 20 problems | counted |
| heap of the process | 224 MB | one sentence, exit code 3 |
| lines that \`diff\` compares | 2,000 changes | all lines are said to differ |

Time grows with the size of the file, whatever stands in it: texts are read once, patterns have upper bounds, and masks
are run by an engine whose steps grow with the text only.

## Watch

\`watch\` is for development: start it, let your services send their spans to it, and use your queues. It takes OTLP over
HTTP, JSON or protobuf, packed or not, on the port that every SDK and the Collector use for it.

\`\`\`sh
npx tracebaton watch
OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf node app.js
\`\`\`

Journeys stand in the terminal and on the page <http://localhost:4318>, newest first, as soon as their first span has
ended: what became of each message, its attempts, its time in the queue, its dead letter, and, beside all of it, what the
rules find. An orphan may only be early, because services export every few seconds: a journey is judged when no span of
it has come for 6 seconds, and again when one comes later, of it or of what it links. Messages of one batch stay journeys
of their own; the call for the batch links them, and its links can be followed. The address of a journey ends with the id
of any of its traces.

| key | on the page | in the terminal |
| --- | --- | --- |
| \`/\` | filter by name, service, message, id, or value of an attribute | |
| \`↑\` \`↓\` | choose a journey | choose a journey, or scroll |
| \`Enter\` | open the chosen one, or the facts of a span | open the chosen one |
| \`f\`, \`b\` | only those that failed, or that a rule finds broken | the same |
| \`p\` | pause | |
| \`Esc\` | back | back |
| \`q\` | | quit |

What is kept is bounded: the latest 1,000 journeys (\`--keep\`), of each at most 400 spans, of each span at most 128
attributes of 1,000 characters, and 48 million characters in all. The page says how many journeys were let go. A
journey of which a part is not kept is shown and not judged. The ids of the latest 10,000 traces that were let go are
remembered (ten for each that is kept): what belongs to one of these is no finding. What belongs to an older one is
judged as if that had never come, and may be found where \`check\` on all spans finds nothing. Where no person sits at the
terminal, there is a line for each journey when it is judged.

Five pages are told what comes, because a browser opens six connections to a server. Of more, those that were opened first
rest, and go on at a click. Hidden pages rest, too.

The page needs no network and no build. It runs under a content security policy that lets it load its own files only and
lets no text become markup. Only addresses, \`localhost\` and the name of this machine open it, so that a web page
elsewhere cannot read it under a name of its own. With \`--host 0.0.0.0\` everybody who reaches this machine can.

## What the doctor looks at

| id | where | what |
| --- | --- | --- |
${Object.entries(diagnoses)
  .map(([id, [where, meaning]]) => `| \`${id}\` | ${where} | ${meaning} |`)
  .join('\n')}

Files: \`npx tracebaton doctor\`. In the process, without a change of the application:

\`\`\`sh
node --import @tracebaton/testing/doctor app.js
\`\`\`

A live broker: \`npx tracebaton doctor --round-trip kafka=localhost:9092\`. And all of it from code, for example behind a
health check. Clients that are given are looked at: the doctor does not search the memory of the process for them, because
a search stops the process for seconds where there are millions of objects. A client given to a round trip shows whether it
writes the context:

\`\`\`ts
import { diagnose, diagnosisText } from '@tracebaton/testing/doctor'
import { traceKafka } from '@tracebaton/kafka'
import { Worker } from 'bullmq'
import { Kafka } from 'kafkajs'

const worker = new Worker('orders', async (job) => {}, { connection: { host: 'localhost' } })
const kafka = traceKafka(new Kafka({ brokers: ['localhost:9092'] }))
console.log(diagnosisText(await diagnose({ clients: [worker], roundTrips: [{ system: 'kafka', client: kafka }] })))
\`\`\`

## In CI

\`\`\`yaml
- run: npx tracebaton check traces.jsonl --format github
- run: npx tracebaton render traces.jsonl --out traces.html
  if: failure()
- uses: actions/upload-artifact@v4
  if: failure()
  with: { name: traces, path: traces.html }
\`\`\`

A snapshot of the shape of what happened, without ids and times, to be committed and compared:

\`\`\`sh
npx tracebaton render traces.jsonl --format structure --out orders.txt
npx tracebaton diff orders.txt traces.jsonl
\`\`\`

${commands.map((command) => `## ${command.name}\n\n\`\`\`text\n${helpFor(command)}\`\`\`\n`).join('\n')}`
  await expect(page).toMatchFileSnapshot('../../../../docs/cli.md')
})
