import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { mermaid } from '../../src/pictures/mermaid.ts'
import { forest } from '../any-spans.ts'
import { parse } from '../mermaid-parser.js'
import { linkTo, notEnded, story } from '../story.ts'
import { spanOf } from '../span-of.ts'

async function expectParsed(diagram: string): Promise<void> {
  await expect(parse(diagram)).resolves.toMatchObject({ diagramType: 'flowchart-v2' })
}

test('a story is boxes by service, arrows from parents, dotted arrows from linked spans', async () => {
  const diagram = mermaid(story, { title: 'order 1042' })
  expect(`\n${diagram}`).toMatchInlineSnapshot(`
    "
    ---
    title: "order 1042"
    ---
    flowchart LR
    accTitle: order 1042
    accDescr: 6 spans in 2 traces · shop, billing, mailer
    subgraph service0["shop"]
      s0["POST /orders<br/>12 ms"]
      s1["send orders<br/>3.4 ms"]
    end
    subgraph service1["billing"]
      s2["process orders<br/>attempt 1/3 · 40 ms<br/>TimeoutError → requeued"]:::failed
      s3["process orders<br/>attempt 2/3 · 41 ms<br/>TimeoutError → requeued"]:::failed
      s4["process orders<br/>attempt 3/3 · 42 ms<br/>TimeoutError → dead_lettered"]:::failed
    end
    subgraph service2["mailer"]
      s5["process orders-dead<br/>9 ms<br/>→ acked"]
    end
    s0 --> s1
    s1 -->|"waited 5 ms"| s2
    s1 -->|"waited 150 ms"| s3
    s2 -.->|"previous attempt"| s3
    s1 -->|"waited 200 ms"| s4
    s3 -.->|"previous attempt"| s4
    s4 -.->|"last attempt"| s5
    s1 -.->|"creation"| s5
    classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328
    classDef open fill:#fff8c5,stroke:#9a6700,color:#1f2328,stroke-dasharray:4 3
    classDef missing fill:#f6f8fa,stroke:#656d76,color:#656d76,stroke-dasharray:4 3
    "
  `)
  await expectParsed(diagram)
})

test('spans that were not recorded are boxes too', async () => {
  const lost = spanOf({
    name: 'process orders',
    spanId: '2'.repeat(16),
    parentSpanId: '1'.repeat(16),
    links: [linkTo('creation', '1'.repeat(16), 'a'.repeat(32)), linkTo('origin', '3'.repeat(16))],
  })
  const diagram = mermaid([lost])
  expect(diagram).toContain('missing0["not recorded<br/>aaaa…/1111…"]:::missing\nmissing1["')
  expect(diagram).toContain('missing0 --> s0\nmissing0 -.->|"creation"| s0\nmissing1 -.->|"origin"| s0')
  await expectParsed(diagram)
})

test('beyond the limit the rest is counted, and beyond 400 arrows too', async () => {
  const limited = mermaid(story, { limit: 2, direction: 'down' })
  expect(limited).toContain('flowchart TD')
  expect(limited).toContain('… 4 more spans are not drawn')
  await expectParsed(limited)

  const links = Array.from({ length: 128 }, (_, index) => linkTo('message', index.toString(16).padStart(16, 'f')))
  const batches = Array.from({ length: 4 }, (_, index) => spanOf({ name: 'x', spanId: `${index}`.repeat(16), links }))
  const many = mermaid(batches)
  expect(many).toContain('… 112 more arrows are not drawn')
  await expectParsed(many)
})

test('no spans, and open ones, are no problem', async () => {
  await expectParsed(mermaid([]))
  await expectParsed(mermaid(story.map(notEnded)))
})

test('no text from outside becomes syntax', { timeout: 30_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(forest, fc.string({ unit: 'binary' }), async (spans, title) => {
      const diagram = mermaid(spans, { title })
      await expectParsed(diagram)
      expect(diagram.split('\n').filter((line) => line.startsWith('subgraph')).length).toBeLessThanOrEqual(20)
    }),
    { numRuns: 50 },
  )
  for (const evil of [
    '"]\nclick s0 href "x"',
    '%%{init: {"theme":"x"}}%%',
    'end',
    '`md` **b**',
    '<script>',
    '$$x$$',
    '1. a',
    '---',
  ]) {
    const diagram = mermaid([spanOf({ name: evil, spanId: '1'.repeat(16), service: evil })], { title: evil })
    await expectParsed(diagram)
    expect(diagram).not.toMatch(/^\s*click|<script|%%\{|\$\$/m)
  }
})

test('the parser does refuse what is no diagram', async () => {
  await expect(parse('flowchart LR\n a["x" --> b')).rejects.toThrow('Parse error')
})
