import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { html } from '../pictures/html.ts'
import { messageIdentity } from '../spans/identity.ts'
import { mermaid } from '../pictures/mermaid.ts'
import { otlpJsonLines } from '../otlp/json-lines.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { structure } from '../pictures/structure.ts'
import { svg } from '../pictures/svg.ts'
import { waterfall } from '../pictures/waterfall.ts'
import { oneOf, UsageError, type Command, type Given } from './command.ts'
import { masks, structureMark } from './diff.ts'
import { openSources } from './sources.ts'
import { createProblems, storiesOf } from './stories.ts'
import { EXIT, type Terminal } from './terminal.ts'

const formats = ['terminal', 'svg', 'mermaid', 'html', 'otlp', 'structure'] as const
type Format = (typeof formats)[number]

const byExtension: Readonly<Record<string, Format>> = {
  '.svg': 'svg',
  '.md': 'mermaid',
  '.mmd': 'mermaid',
  '.html': 'html',
  '.jsonl': 'otlp',
  '.json': 'otlp',
}

// Nobody looks at more, and the spans of a picture are all in memory.
const most = 20_000

/** `tracebaton render` */
export const render: Command = {
  name: 'render',
  usage: 'FILE… [options]',
  summary: 'draw spans: waterfall, SVG, Mermaid, HTML; or write some of them out',
  description: [
    'Draws the stories of the files, one after the other. In a large file, choose one by trace or message.',
  ],
  options: [
    {
      name: 'format',
      value: 'NAME',
      meaning: 'terminal (default), svg, mermaid, html, otlp, structure; by default what the name of --out says',
    },
    { name: 'out', value: 'FILE', meaning: 'where to write, instead of standard output; .md gets a Mermaid block' },
    { name: 'trace', value: 'ID', meaning: 'only the story of this trace: its id, or how it begins' },
    { name: 'message', value: 'ID', meaning: 'only stories with this message id, or position such as orders/0@42' },
    { name: 'title', value: 'TEXT', meaning: 'the heading of the picture' },
    { name: 'width', value: 'NUMBER', meaning: 'columns on a terminal, px of an SVG' },
    { name: 'limit', value: 'NUMBER', meaning: 'spans that are drawn at most' },
    { name: 'mask', value: 'REGEXP', meaning: 'for structure: written as *', many: true },
  ],
  exitCodes: [
    [EXIT.ok, 'drawn'],
    [EXIT.usage, 'the command line is not understood, or a file is not there'],
    [EXIT.input, 'there is nothing to draw, or some of it could not be read'],
  ],
  async run(given, terminal) {
    const out = given.one('out')
    const format = formatOf(given.one('format'), out)
    const { spans, problems, left } = await chosenSpans(given, terminal)
    if (left > 0) {
      terminal.error(`${left} more spans are not drawn: choose a story with --trace or --message\n`)
    }
    if (spans.length === 0) {
      terminal.error('There is nothing to draw.\n')
      return EXIT.input
    }
    const drawn = draw(spans, format, given, out === undefined ? terminal : undefined)
    if (out === undefined) terminal.out(drawn)
    else
      await writeFile(out, extname(out) === '.md' && format === 'mermaid' ? `\`\`\`mermaid\n${drawn}\`\`\`\n` : drawn)
    return problems > 0 ? EXIT.input : EXIT.ok
  },
}

function formatOf(format: string | undefined, out: string | undefined): Format {
  if (format !== undefined) return oneOf('format', format, formats)
  if (out === undefined) return 'terminal'
  const found = byExtension[extname(out).toLowerCase()]
  if (!found) throw new UsageError(`The name ${out} does not tell the format; give --format ${formats.join(', ')}`)
  return found
}

/** The spans that are drawn, and how many were chosen too and are too many. */
async function chosenSpans(given: Given, terminal: Terminal) {
  await using sources = await openSources(given.files, terminal, given.one('out'))
  const [trace, message] = [given.one('trace')?.toLowerCase(), given.one('message')]
  const problems = createProblems(terminal)
  const spans: RecordedSpan[] = []
  let left = 0
  for await (const story of storiesOf(sources, terminal, { onProblem: problems.say })) {
    if (trace !== undefined && !story.spans.some(({ traceId }) => traceId.startsWith(trace))) continue
    if (message !== undefined && !story.spans.some((span) => isAbout(span, message))) continue
    if (spans.length + story.spans.length <= most) spans.push(...story.spans)
    else left += story.spans.length
  }
  return { spans, problems: problems.count, left }
}

function isAbout(span: RecordedSpan, message: string): boolean {
  const key = messageIdentity(span)?.key
  return key !== undefined && (key === message || key.endsWith(` ${message}`))
}

/** @param terminal the one that shows the picture, if one does */
function draw(spans: readonly RecordedSpan[], format: Format, given: Given, terminal?: Terminal): string {
  const common = { title: given.one('title'), limit: given.number('limit') }
  const width = given.number('width')
  switch (format) {
    case 'svg':
      return svg(spans, { ...common, width })
    case 'mermaid':
      return mermaid(spans, common)
    case 'html':
      return html(spans, common)
    case 'otlp':
      return otlpJsonLines(spans)
    case 'structure':
      return `${structureMark}\n${structure(spans, { mask: masks(given.all('mask')) })}`
    default:
      return `${waterfall(spans, { ...common, width: width ?? terminal?.columns ?? 100, colors: terminal?.colors ?? false })}\n`
  }
}
