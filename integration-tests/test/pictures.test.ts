import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { html, mermaid, svg } from '@tracebaton/testing/pictures'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPage, startChromium, type PageOptions } from '../src/chromium.ts'
import { leastContrast } from '../src/least-contrast.ts'
import { misplacedTexts } from '../src/misplaced-texts.ts'
import { subjects } from '../src/picture-subjects.ts'
import { story } from '../../packages/testing/test/story.ts'

let browser: Browser
let folder: string

// Installing a browser takes its time.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracebaton-pictures-'))
  browser = await startChromium()
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Opens a file as a reader would, and records whatever the page asks for and complains about. */
async function open(name: string, content: string, options: PageOptions = {}) {
  const path = join(folder, name)
  await writeFile(path, content)
  const url = pathToFileURL(path).href
  return { ...(await openPage(browser, url, options)), url }
}

/** What the browser shows in front of all else at the middle of an element: what a click there would hit. */
async function isSeen(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    const hit = element.ownerDocument.elementFromPoint(left + width / 2, top + height / 2)
    return hit !== null && (element === hit || element.contains(hit))
  })
}

test('the page asks for nothing but itself and complains about nothing', async () => {
  const { page, requests, complaints, url } = await open('order.html', html(story, { title: 'order 1042' }))
  expect(await page.title()).toBe('order 1042')
  await page.getByRole('link', { name: 'Attempts' }).click()
  expect(requests.filter((request) => !request.startsWith('data:'))).toEqual([url])
  expect(complaints).toEqual([])
})

test('a click on a link leads to the row of the linked span, and one on a name to all that the span says', async () => {
  const { page, url } = await open('order.html', html(story))
  const deadLetter = page.getByRole('row', { name: 'process orders-dead' })
  await deadLetter.getByRole('link', { name: 'process orders attempt 3/3' }).click()
  expect(page.url()).toBe(`${url}#row-4`)
  expect(await page.locator('tr:target').innerText()).toContain('attempt 3/3')

  await page.locator('tr:target').getByRole('link', { name: 'process orders', exact: true }).click()
  expect(await page.locator('article:target').innerText()).toContain('TimeoutError')
  expect(await isSeen(page, 'article:target h3')).toBe(true)

  await page.locator('article:target').getByRole('link', { name: 'process orders-dead' }).click()
  expect(await page.locator('article:target h3').innerText()).toBe('process orders-dead')
  await page.locator('article:target').getByRole('link', { name: 'in the picture' }).click()
  expect(await isSeen(page, 'tr:target .name a')).toBe(true)
})

test('the keyboard alone is enough', async () => {
  const { page } = await open('order.html', html(story))
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => globalThis.document.activeElement?.textContent)).toBe('Skip the picture')
  expect(await isSeen(page, '.skip')).toBe(true)
  await page.keyboard.press('Enter')
  expect(page.url()).toContain('#details')
})

test('a reader who cannot see is told state, level and names', async () => {
  const { page } = await open('order.html', html(story))
  const tree = await page.locator('body').ariaSnapshot()
  expect(tree).toContain('rowheader "failed, level 3: process orders attempt 1/3"')
  expect(tree).toContain('region "Attempts"')
})

test.each(['light', 'dark'] as const)('texts of the %s page stand out from what is behind them', async (scheme) => {
  const { page } = await open('order.html', html(story), { colorScheme: scheme })
  const weakest = await page.evaluate(leastContrast)
  expect(weakest).toMatchObject({ ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5) })
})

test('the SVG document opens without a complaint or a request', async () => {
  const { page, requests, complaints, url } = await open('order.svg', svg(story, { title: 'order 1042' }))
  expect(await page.getByText('order 1042').first().isVisible()).toBe(true)
  expect([requests, complaints]).toEqual([[url], []])
})

test('Mermaid draws the diagram, with every span and arrow', async () => {
  const require = createRequire(import.meta.url)
  const library = require.resolve('mermaid/dist/mermaid.min.js')
  const { page, complaints } = await open('empty.html', '<!doctype html><link rel="icon" href="data:,"><main></main>')
  await page.addScriptTag({ path: library })
  await page.evaluate(
    async (diagram) => {
      const { mermaid: drawer } = globalThis as unknown as {
        mermaid: { initialize(options: object): void; render(id: string, text: string): Promise<{ svg: string }> }
      }
      drawer.initialize({ startOnLoad: false })
      const main = globalThis.document.querySelector('main')
      if (main) main.innerHTML = (await drawer.render('picture', diagram)).svg
    },
    mermaid(story, { title: 'order 1042' }),
  )
  expect(await page.locator('.node').count()).toBe(6)
  expect(await page.locator('.edgePaths path').count()).toBe(8)
  expect(await page.locator('.node').allTextContents()).toContainEqual(
    expect.stringContaining('TimeoutError → requeued'),
  )
  expect(complaints).toEqual([])
})

const widths = [500, 900, 1600]

describe.each(Object.entries(subjects))('of %s', (_, { spans, stories }) => {
  test.each(widths)('the page has every text in its place at %d px', async (width) => {
    const { page } = await open('subject.html', html(spans, { title: 'order 1042' }), { width })
    expect(await page.evaluate(() => globalThis.document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    expect(await page.evaluate(misplacedTexts, '.story')).toEqual([])
    expect(await page.locator('.story').count()).toBe(stories)
    expect(await page.locator('.story:has(thead .track > span)').count()).toBe(stories)
    expect(await page.locator('#picture h3').count()).toBe(stories > 1 ? stories : 0)
    const places = await page
      .locator('td.happened:not(:empty)')
      .evaluateAll((cells) => [...new Set(cells.map((cell) => Math.round(cell.getBoundingClientRect().left)))])
    expect(places).toHaveLength(1)
    const apart = await page.locator('tbody .name').evaluateAll((cells) =>
      cells.filter((cell) => {
        const [mark, name] = ['.mark', 'a'].map((part) => cell.querySelector(part)?.getClientRects()[0]?.top ?? NaN)
        return !(Math.abs(mark! - name!) < 8)
      }),
    )
    expect(apart, 'marks that do not stand beside their names').toHaveLength(0)
  })

  test.each(widths)('the SVG has every text in its place at %d px', async (width) => {
    const { page } = await open('subject.svg', svg(spans, { title: 'order 1042', width }), { width })
    expect(await page.evaluate(misplacedTexts, 'svg')).toEqual([])
    expect(await page.locator('.story').count()).toBe(stories)
    expect(await page.locator('.story:has(.mark)').count()).toBe(stories)
  })
})

test.each([
  ['light', 'rgb(255, 255, 255)', 'rgb(31, 35, 40)'],
  ['dark', 'rgb(13, 17, 23)', 'rgb(230, 237, 243)'],
] as const)('the SVG follows a %s scheme', async (colorScheme, background, text) => {
  const { page } = await open('order.svg', svg(story, { title: 'order 1042' }), { colorScheme })
  const fill = (selector: string): Promise<string> =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).fill)
  expect([await fill('svg > rect'), await fill('text tspan')]).toEqual([background, text])
})
