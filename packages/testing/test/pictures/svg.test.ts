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

test.each([480, 900, 1600])('no link of a story runs through the bar of another span at %d px', (width) => {
  const document = svg(story, { width })
  const bars = [...document.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="14"/g)].map(
    ([, x, y, wide]) => ({ left: Number(x), right: Number(x) + Number(wide), top: Number(y), bottom: Number(y) + 14 }),
  )
  const paths = [...document.matchAll(/<path d="([^"]+)"[^>]*marker-end/g)].map(([, path = '']) => pointsOf(path))
  expect([bars.length, paths.length]).toEqual([6, 4])
  const crossed = paths
    .flat()
    .filter(([x, y]) =>
      bars.some(({ left, right, top, bottom }) => x > left + 0.5 && x < right - 0.5 && y > top && y < bottom),
    )
  expect(crossed).toEqual([])
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

/** Points of a path that goes to the right and then along one curve. */
function pointsOf(path: string): (readonly [x: number, y: number])[] {
  const [startX, startY, turn, x1, y1, x2, y2, x3, y3] = numbersOf(path)
  return Array.from({ length: 101 }, (_, index) => index / 100).flatMap((at) => [
    [startX + at * (turn - startX), startY] as const,
    [bezier(at, [turn, x1, x2, x3]), bezier(at, [startY, y1, y2, y3])] as const,
  ])
}

type Nine = readonly [number, number, number, number, number, number, number, number, number]

function numbersOf(path: string): Nine {
  return path.match(/[\d.]+/g)?.map(Number) as unknown as Nine
}

function bezier(at: number, [a, b, c, d]: readonly [number, number, number, number]): number {
  return a * (1 - at) ** 3 + 3 * b * at * (1 - at) ** 2 + 3 * c * at ** 2 * (1 - at) + d * at ** 3
}
