import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayWidth } from '../../src/text/display-text.ts'
import { spanGraph } from '../../src/spans/graph.ts'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { svg } from '../../src/pictures/svg.ts'
import { waterfall } from '../../src/pictures/waterfall.ts'
import { forest } from '../any-spans.ts'
import { wellFormed } from '../well-formed.ts'

test('no forest of spans makes a waterfall throw, leave its width or lose a span', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(forest, fc.integer({ min: 60, max: 180 }), fc.boolean(), (spans, width, titled) => {
      const picture = waterfall(spans, { width, colors: false, ...(titled ? { title: 'a story' } : {}) })
      for (const line of picture.split('\n')) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width)
        expect(line).not.toMatch(/\p{Cc}/u)
      }
      const marks = picture.split('\n').filter((line) => /^[ │├└─…]*[●✗◌] /.test(line))
      expect(marks.length).toBeGreaterThanOrEqual(spanGraph(spans).nodes.size)
    }),
    { numRuns: 200 },
  )
})

test('no forest of spans makes an SVG or OTLP lines throw or break', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(forest, (spans) => {
      expect(wellFormed(svg(spans))).toBe(true)
      for (const line of otlpJsonLines(spans).split('\n').filter(Boolean)) JSON.parse(line)
    }),
    { numRuns: 100 },
  )
})
