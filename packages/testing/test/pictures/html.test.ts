import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { html } from '../../src/pictures/html.ts'
import { forest } from '../any-spans.ts'
import { spanOf } from '../span-of.ts'
import { linkTo, named, notEnded, story } from '../story.ts'
import { wellFormed } from '../well-formed.ts'

const voids = /<!doctype html>|<meta [^>]*>|<link [^>]*>|<br>/g

/** Closed elements, escaped texts, and no id twice and no link to a place that is not there. */
function expectSound(page: string): void {
  const [head = '', body = ''] = page.split('</style>')
  expect(
    wellFormed(`${head.replace(/<style>[^]*/, '')}${body}`.replace(voids, '').replaceAll(/<(\/?)h\d/g, '<$1h')),
  ).toBe(true)
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [, place] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(place)
}

test('a story is a picture, its attempts and its spans, all of them clickable', () => {
  const page = html(story, { title: 'order 1042' })
  expectSound(page)
  for (const text of [
    '<title>order 1042</title>',
    '6 spans in 2 traces · shop, billing, mailer',
    '⤷ last attempt <a href="#row-4">process orders attempt 3/3</a>',
    '⤶ linked from <a href="#row-5">process orders-dead</a>',
    '<td>2 of 3</td><td><a href="#row-3">process orders attempt 2/3</a></td><td>orders</td>',
    '<th scope="row">error.type</th><td>TimeoutError</td>',
    'waited 150 ms · <span class="result">TimeoutError → requeued</span>',
  ])
    expect(page).toContain(text)
})

test('nothing in it is fetched or run', () => {
  const page = html(story)
  expect(page).not.toMatch(/<script|<img|<iframe|@import|url\(|https?:|\son\w+=/)
  expect(page.match(/(?:href|src)="[^#][^"]*"/g)).toEqual(['href="data:,"'])
  expect(page).toContain("default-src 'none'")
})

test('text from outside cannot become markup', () => {
  const evil = `"><script>alert('1')</script>&]]>\u0000\ud800\uffff<img src=x onerror=y>`
  const link = { traceId: evil, spanId: evil, role: evil, attributes: {} }
  const page = html(
    [
      spanOf({
        name: evil,
        spanId: evil,
        parentSpanId: evil + evil,
        service: evil,
        attributes: { [evil]: evil, 'tracebaton.delivery.attempt': 1, 'messaging.message.id': evil },
        links: [link],
        events: [{ name: evil, time: 1, attributes: { [evil]: [evil] } }],
        status: 'error',
        statusMessage: evil,
        scope: evil,
      }),
    ],
    { title: evil },
  )
  expectSound(page)
  expect(page).not.toMatch(/<script|<img/)
})

test('a link to a span that was not recorded is named, not clickable', () => {
  const span = spanOf({ name: 'a', spanId: '1', parentSpanId: '2', links: [linkTo('creation', '3', 'f')] })
  expect(html([span])).toContain('⤷ creation <code>f/3</code> (not recorded)')
  expect(html([span])).toContain('parent <code>2</code> (not recorded)')
})

test('what is beyond the limit is counted, and links to it are plain text', () => {
  const page = html([named('process orders-dead'), ...story], { limit: 1 })
  expectSound(page)
  expect(page).toContain('5 more are not shown')
})

test('a batch with a hundred links stays a row, and has them all in its details', () => {
  const links = Array.from({ length: 100 }, (_, index) => linkTo('message', String(index)))
  const page = html([spanOf({ name: 'batch', spanId: 'x', links })])
  expect(page).toContain('… 92 more links')
  expect(page.match(/<li>/g)).toHaveLength(100)
})

test('no spans and open spans are no problem, and neither are strange ones', { timeout: 30_000 }, () => {
  expectSound(html([]))
  expectSound(html(story.map(notEnded)))
  fc.assert(
    fc.property(forest, (spans) => expectSound(html(spans))),
    { numRuns: 100 },
  )
})

test('a name of blanks has words to click on, and a service of blanks is none', () => {
  const page = html([spanOf({ name: ' \t ', spanId: '1', service: '  ' })])
  expect(page).toContain('<a href="#span-0">(no name)</a>')
  expect(page).toContain('<p class="quiet">1 span in 1 trace</p>')
})
