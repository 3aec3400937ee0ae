import { element, escaped, textIn } from './element.ts'
import { attemptTable } from './html-attempts.ts'
import { spanDetails } from './html-details.ts'
import { createPlaces } from './html-places.ts'
import { pictureTables } from './html-table.ts'
import { style } from './html-style.ts'
import { picture } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** How a page looks. */
export interface HtmlOptions {
  /**
   * The heading.
   *
   * @default 'Trace'
   */
  readonly title?: string
  /**
   * The most spans that are shown; the rest is counted.
   *
   * @default 500
   */
  readonly limit?: number
}

// Nothing may be fetched or run, whatever gets into the page.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

/**
 * Draws spans as one HTML page: the picture with clickable links between spans, a table of all attempts, and everything
 * that each span says. The page works from a file and without a network, holds no script, follows the reader's colour
 * scheme, and can be used by keyboard and screen reader. Never throws.
 */
export function html(spans: readonly RecordedSpan[], options: HtmlOptions = {}): string {
  const drawn = picture(spanGraph(spans), options.limit ?? 500)
  const places = createPlaces(drawn.rows)
  const title = options.title || 'Trace'
  const hidden = drawn.hidden > 0 ? ` · ${drawn.hidden} more are not shown` : ''
  const attempts = attemptTable(drawn, places)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Without it a browser asks the server for an icon.
    '<link rel="icon" href="data:,">',
    textIn('title', title),
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    element('a', { class: 'skip', href: '#details' }, 'Skip the picture'),
    element(
      'header',
      {},
      textIn('h1', title),
      textIn('p', drawn.summary + hidden, 'quiet'),
      element(
        'nav',
        { 'aria-label': 'Parts of this page' },
        element('a', { href: '#picture' }, 'Picture'),
        attempts && element('a', { href: '#attempts' }, 'Attempts'),
        element('a', { href: '#details' }, 'Spans'),
      ),
    ),
    '<main>',
    section('picture', 'Picture', pictureTables(drawn, places)),
    attempts && section('attempts', 'Attempts', attempts),
    section('details', 'Spans', drawn.rows.map((row) => spanDetails(row, places)).join('\n')),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function section(id: string, heading: string, content: string): string {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-heading` },
    element('h2', { id: `${id}-heading` }, escaped(heading)),
    content,
  )
}
