import { attemptTable } from './html-attempts.ts'
import { spanDetails } from './html-details.ts'
import { createPlaces } from './html-places.ts'
import { pictureTables } from './html-table.ts'
import { markup, type Content } from './markup.ts'
import { style } from './html-style.ts'
import { picture } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { WaterfallOptions } from './waterfall.ts'

/** How a page looks. */
export type HtmlOptions = Pick<WaterfallOptions, 'title' | 'limit'>

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
  const attemptsLink = attempts && markup`<a href="#attempts">Attempts</a>`
  const details = drawn.rows.map((row) => spanDetails(row, places))
  // Without an icon of its own a browser asks the server for one.
  const page = markup`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <title>${title}</title>
    <style>${{ markup: style }}</style>
    </head>
    <body>
    <a class="skip" href="#details">Skip the picture</a>
    <header><h1>${title}</h1><p class="quiet">${drawn.summary + hidden}</p>
      <nav aria-label="Parts of this page"><a href="#picture">Picture</a>${attemptsLink}<a href="#details">Spans</a></nav>
    </header>
    <main>
    ${section('picture', 'Picture', pictureTables(drawn, places))}
    ${attempts && section('attempts', 'Attempts', attempts)}
    ${section('details', 'Spans', details)}
    </main>
    </body>
    </html>`
  return `${page.markup}\n`
}

function section(id: string, heading: string, content: Content): Content {
  return markup`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>${content}</section>`
}
