import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test, vi } from 'vitest'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { rules } from '../../src/rules/rules.ts'
import type { RecordedSpan, SpanAttributes } from '../../src/spans/span.ts'
import { later, story, unlinked } from '../story.ts'
import { wellFormed } from '../well-formed.ts'
import { fileOf, folder, tracebaton } from './invoke.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function withAttributes(span: RecordedSpan, more: SpanAttributes): RecordedSpan {
  return { ...span, attributes: { ...span.attributes, ...more } }
}

/** The story as the conventions want it: they are what most of these tests are not about. */
const sound = story.map((span) => {
  const isMessaging = Object.hasOwn(span.attributes, 'messaging.system.name')
  const more = isMessaging ? { 'messaging.operation.name': span.name.split(' ')[0] } : {}
  return withAttributes({ ...span, traceFlags: 1 }, more)
})
const orphaned = sound.filter((span) => span.name !== 'send orders').map(unlinked)

test('a sound story is no finding, and every rule that applies says so', async () => {
  const { code, out } = await tracebaton(['check', await fileOf(sound)])
  expect(out).toMatch(/^(?:[✓–] \S+ {2}.*\n){10}nothing found in 6 spans, judged as a whole\n$/)
  expect(out.match(/^✓/gm)).toHaveLength(9)
  expect(out).toMatch(/^– batch-links .* nothing to judge: no span is a batch that was received or handled$/m)
  expect(code).toBe(0)
})

test('a broken one is a finding with its rule, message, hop, side and place', async () => {
  const { code, out } = await tracebaton(['check', await fileOf(orphaned), '--rule', 'no-orphans'])
  expect(code).toBe(1)
  expect(out).toContain('✗ no-orphans  every parent that a span names was recorded  3 found')
  expect(out).toContain('    The parent of process orders (00f067aa0ba902b7) was not recorded')
  expect(out).toMatch(/side {5}producer\n\s+at {7}trace 4bf92f3577b34da6a3ce929d0e0e4736 {2}span b100000000000000\n/)
})

test('rules can be chosen and ignored, whole or in part', async () => {
  const file = await fileOf(story)
  expect((await tracebaton(['check', file])).out).toContain('[conventions/operation-name]')
  expect(await tracebaton(['check', file, '--ignore', 'conventions/operation-name'])).toMatchObject({ code: 0 })
  expect(await tracebaton(['check', file, '--ignore', 'conventions'])).toMatchObject({ code: 0 })
  const chosen = await tracebaton(['check', file, '--rule', 'no-leak', '--rule', 'conventions/kind'])
  expect(chosen).toMatchObject({ code: 0, out: expect.stringMatching(/^✓ no-leak.*\n✓ conventions.*\nnothing found/) })
})

test('where all rules are left out, nothing is judged and nothing is green', async () => {
  const words = ['check', await fileOf(sound), '--rule', 'conventions/kind', '--ignore', 'conventions']
  expect(await tracebaton(words)).toMatchObject({ code: 2, error: expect.stringContaining('leave no rule') })
})

test('more findings than are shown are counted', async () => {
  const { out } = await tracebaton(['check', await fileOf(orphaned), '--rule', 'no-orphans', '--max', '1'])
  expect(out).toContain('3 found')
  expect(out).toContain('… 2 more')
  expect(out.match(/\[no-orphans\]/g)).toHaveLength(1)
})

test('JUnit: a case per finding, a passed case per sound rule, text that cannot break out', async () => {
  const evil = orphaned.map((span) => ({ ...span, name: `<b>"&'${span.name}]]>` }))
  const out = join(await folder(), 'report.xml')
  const { code, out: text } = await tracebaton(['check', await fileOf(evil), '--format', 'junit', '--out', out])
  const xml = await readFile(out, 'utf8')
  expect(code).toBe(1)
  expect(text).toContain('✗ no-orphans')
  expect(wellFormed(xml.replace(/<\?xml.*\?>/, ''))).toBe(true)
  expect(xml).toContain('<testsuite name="no-orphans" tests="3" failures="3" errors="0">')
  expect(xml).toContain('<failure type="no-orphans" message="The parent of &lt;b&gt;&quot;&amp;&#39;process orders')
  expect(xml).toContain('<testsuite name="no-leak" tests="1" failures="0" errors="0">')
})

test('GitHub: an annotation per finding, on one line each', async () => {
  const file = await fileOf(`${otlpJsonLines(orphaned)}oops, 100 %\n`)
  const { code, out, error } = await tracebaton(['check', file, '--format', 'github', '--rule', 'no-orphans'])
  expect(code).toBe(1)
  const lines = out.trimEnd().split('\n')
  expect(lines).toHaveLength(4)
  for (const line of lines.slice(0, 3)) expect(line).toMatch(/^::error title=tracebaton no-orphans::The parent.*%0A/)
  expect(lines[3]).toMatch(/^::warning title=tracebaton input::.*:3: not JSON, left out$/)
  expect(error).toContain('3 found in 5 spans')
})

test('what cannot be read is reported with its line and is not taken for sound', async () => {
  const file = await fileOf(`${otlpJsonLines(sound)}oops\n{"resourceSpans":[{"scopeSpans":`)
  const { code, out } = await tracebaton(['check', file])
  expect(out).toContain(`${file}:3: not JSON, left out\n${file}:4: stops in the middle, left out (its writer`)
  expect(code).toBe(3)
  expect(await tracebaton(['check', '-'], '')).toMatchObject({
    code: 3,
    out: expect.stringContaining('There are no spans.'),
  })
})

test('standard input is a file too', async () => {
  expect(await tracebaton(['check', '-'], otlpJsonLines(sound))).toMatchObject({
    code: 0,
    out: expect.stringContaining('nothing found in 6 spans'),
  })
  expect(await tracebaton(['check', '-'], 'oops\n')).toMatchObject({
    out: expect.stringContaining('standard input:1: not JSON'),
  })
})

test('one request may have more spans than a call takes arguments', async () => {
  const span = '{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"b100000000000000","name":"a"}'
  const spans = Array.from({ length: 200_000 }, () => span).join()
  const file = await fileOf(`{"resourceSpans":[{"scopeSpans":[{"spans":[${spans}]}]}]}`)
  const { code, out } = await tracebaton(['check', file, '--rule', 'no-orphans'])
  expect([code, out]).toEqual([0, expect.stringMatching(/200[, ]?000 spans, judged as a whole: 1/)])
})

test('a large file is judged story by story, and finds the same', async () => {
  const copies = Array.from({ length: 400 }, (_, copy) => {
    const renamed = (id: string): string => (copy + 1).toString(16).padStart(8, '0') + id.slice(8)
    return (copy === 77 ? orphaned : sound).map((span) => {
      const links = span.links.map((link) => ({ ...link, traceId: renamed(link.traceId) }))
      const moved = { ...later(span, copy), traceId: renamed(span.traceId), links }
      return withAttributes(moved, { padding: 'x'.repeat(12_000) })
    })
  })
  const file = await fileOf('')
  await writeFile(file, copies.map((spans) => otlpJsonLines(spans)).join(''))
  const { code, out } = await tracebaton(['check', file])
  expect(code).toBe(1)
  expect(out).toContain('✗ no-orphans  every parent that a span names was recorded  3 found')
  // The broken order fell apart: a request with three attempts, and a dead letter that leads nowhere.
  expect(out).toContain('found in 2399 spans, judged in 401 stories, 2 passes')
})

test('secrets come from the environment, and are found without being printed', async () => {
  vi.stubEnv('SHOP_SECRET', 'hunter2-hunter2')
  const leaky = sound.map((span) => withAttributes(span, { note: 'hunter2-hunter2' }))
  const { code, out } = await tracebaton(['check', await fileOf(leaky), '--secret-from', 'SHOP_SECRET'])
  expect(code).toBe(1)
  expect(out).toContain('no-secrets')
  expect(out).not.toContain('hunter2')
})

test.each([
  [['check'], 'A file is needed, or - for standard input'],
  [['check', 'no-such-file'], 'There is no file no-such-file'],
  [['check', '-', '-'], '- can be given once'],
  [['check', 'x', '--rule', 'no-such-rule'], 'There is no rule no-such-rule. There are connected,'],
  [['check', 'x', '--format', 'xml'], '--format can be text, junit, github; xml is none of them'],
  [['check', 'x', '--max', 'many'], '--max needs a whole number'],
  [['check', 'x', '--format', 'text', '--format', 'junit'], '--format can be given once'],
  [['check', 'x', '--secret-from', 'NO_SUCH_VARIABLE'], 'NO_SUCH_VARIABLE is empty'],
  [['check', '--no-such-option'], "Unknown option '--no-such-option'"],
])('%j is not understood, and the message says why', async (words, message) => {
  const { code, out, error } = await tracebaton(words)
  expect(error).toContain(message)
  expect(error).toContain('tracebaton check --help says more.')
  expect([code, out]).toEqual([2, ''])
})

test.each([
  ['check', 'by its name', (file: string) => Promise.resolve(file)],
  ['check', 'by a link to it', linkTo],
  ['render', 'by its name', (file: string) => Promise.resolve(file)],
  ['render', 'by a link to it', linkTo],
])('%s does not write its result over its input %s', async (command, _, outOf) => {
  const file = await fileOf(story)
  const before = await readFile(file, 'utf8')
  const words = [command, file, '--out', await outOf(file), '--format', command === 'check' ? 'text' : 'html']
  expect(await tracebaton(words)).toMatchObject({
    code: 2,
    error: expect.stringContaining('would overwrite the input'),
  })
  expect(await readFile(file, 'utf8')).toBe(before)
})

async function linkTo(file: string): Promise<string> {
  const link = join(await folder(), 'link.html')
  await symlink(file, link)
  return link
}

test.each([
  ['a missing file', (name: string) => ['check', name]],
  ['a file that cannot be read whole', (name: string) => ['render', name]],
  ['files that are compared', (name: string) => ['diff', name, name]],
  ['a file with other spans', (name: string, other: string) => ['diff', name, other]],
  ['a command', (name: string) => [name]],
])('names with control characters are printed without them: %s', async (what, wordsOf) => {
  const name = '\u001b[31mred\u0007.jsonl'
  const file = what.startsWith('a missing')
    ? join(await folder(), name)
    : await fileOf(`oops\n${otlpJsonLines(story)}`, name)
  const { out, error } = await tracebaton(wordsOf(file, await fileOf(story.slice(1))))
  expect(out + error).toContain('[31mred.jsonl')
  expect(out + error).toBe((out + error).replaceAll(/(?!\n)\p{Cc}/gu, ''))
})

test('the rules can be listed', async () => {
  const { code, out } = await tracebaton(['check', '--list-rules'])
  expect(out.trimEnd().split('\n')).toHaveLength(rules.length)
  expect(code).toBe(0)
})

test('gzip is read, by name and from standard input', async () => {
  const file = await fileOf('', 'spans.jsonl.gz')
  await writeFile(file, gzipSync(otlpJsonLines(sound)))
  expect(await tracebaton(['check', file])).toMatchObject({ code: 0, out: expect.stringContaining('found in 6 spans') })
  await writeFile(file, gzipSync(otlpJsonLines(sound)).subarray(0, 100))
  expect(await tracebaton(['check', file])).toMatchObject({
    code: 2,
    error: expect.stringContaining('gzip, and damaged'),
  })
})

test('what Tempo and Jaeger answer in OTLP is read', async () => {
  const { resourceSpans } = JSON.parse(otlpJsonLines(sound).split('\n')[0]!)
  for (const answer of [{ batches: resourceSpans }, { trace: { resourceSpans } }, { result: { resourceSpans } }]) {
    // oxlint-disable-next-line no-await-in-loop -- three small files
    const { out } = await tracebaton(['check', await fileOf(JSON.stringify(answer))])
    expect(out).toMatch(/found in \d spans?/)
    expect(out).not.toContain('There are no spans')
  }
})

test.each([
  ['Jaeger', { data: [{ traceID: 'a', spans: [], processes: {} }] }, 'a Jaeger export, not OTLP: ask Jaeger for'],
  ['Zipkin', [{ traceId: 'a', id: 'b', name: 'send' }], 'a Zipkin export, not OTLP: send the spans to a Collector'],
])('an export of %s is recognised, with what to do', async (_, content, problem) => {
  const { code, out } = await tracebaton(['check', await fileOf(JSON.stringify(content))])
  expect([code, out]).toEqual([3, expect.stringContaining(problem)])
})

test('a folder is no file, and a result needs a folder that is there', async () => {
  const here = await folder()
  expect(await tracebaton(['check', here])).toMatchObject({ code: 2, error: expect.stringContaining('*.jsonl') })
  const words = ['check', await fileOf(sound), '--out', join(here, 'missing', 'report.txt')]
  expect(await tracebaton(words)).toMatchObject({
    code: 2,
    error: expect.stringMatching(/There is no folder .*missing/),
  })
  expect(await tracebaton(['check', await fileOf(sound), '--out', here])).toMatchObject({
    code: 2,
    error: expect.stringContaining(`--out ${here} is a folder`),
  })
})
