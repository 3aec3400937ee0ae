import { expect, test } from 'vitest'
import { svg } from '../../src/pictures/svg.ts'
import { spanOf } from '../span-of.ts'
import { story } from '../story.ts'
import { wellFormed } from '../well-formed.ts'

test('a story is one well-formed document that refers to nothing outside', () => {
  const document = svg(story, { title: 'order 1042' })
  expect(wellFormed(document)).toBe(true)
  expect(document).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1200"/)
  expect(document).not.toMatch(/<script|href|<image|@import|url\((?!#arrow)|on\w+=/)
})

test('it shows what the terminal shows', () => {
  const document = svg(story, { title: 'order 1042' })
  for (const text of [
    'order 1042',
    '6 spans in 2 traces · shop, billing, mailer',
    'attempt 2/3',
    'TimeoutError → dead_lettered',
    'from orders after 3 attempts',
    '⤷ last attempt process orders attempt 3',
  ])
    expect(document).toContain(text)
})

test('each link between recorded spans is a curve, but for the links to the parent', () => {
  expect(svg(story).match(/marker-end/g)).toHaveLength(4)
})

test('failed spans are red, in any theme of the service', () => {
  expect(svg(story).match(/<rect[^>]*height="14"[^>]*fill="#cf222e"/g)).toHaveLength(3)
})

test('text from outside cannot become markup', () => {
  const evil = `"><script>alert('1')</script>&]]>\u0000\ud800\uffff`
  const attributes = { 'error.type': evil, 'tracebaton.delivery.outcome': evil, [evil]: { toString: null, evil } }
  const link = { traceId: evil, spanId: evil, role: evil, attributes: {} }
  const span = spanOf({ name: evil, spanId: evil, service: evil, attributes, links: [link], status: 'error' })
  const document = svg([span], { title: evil })
  expect(document).not.toContain('<script')
  expect(document).not.toMatch(/[\p{Cc}\p{Cs}\uffff]/u)
  expect(wellFormed(document)).toBe(true)
})

test('no spans are no problem', () => {
  expect(wellFormed(svg([]))).toBe(true)
})
