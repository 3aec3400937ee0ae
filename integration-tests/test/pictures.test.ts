import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { html, mermaid, svg } from '@tracebaton/testing/pictures'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPage, startChromium } from '../src/chromium.ts'
import { leastContrast } from '../src/least-contrast.ts'
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
async function open(name: string, content: string, colorScheme: 'light' | 'dark' = 'light') {
  const path = join(folder, name)
  await writeFile(path, content)
  const url = pathToFileURL(path).href
  return { ...(await openPage(browser, url, { colorScheme })), url }
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
  const { page } = await open('order.html', html(story), scheme)
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
