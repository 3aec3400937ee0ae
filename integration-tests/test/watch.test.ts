import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startChromium } from '../src/chromium.ts'
import { leastContrast } from '../src/least-contrast.ts'
import { orderJourney, type Fate } from '../src/watch/journeys.ts'
import { openWatchPage } from '../src/watch/watch-page.ts'
import { startWatchProcess, type WatchProcess } from '../src/watch/watch-process.ts'

const pictures = fileURLToPath(new URL('../out/watch/', import.meta.url))
const schemes = ['light', 'dark'] as const

let browser: Browser

// Installing a browser takes its time.
beforeAll(async () => {
  await mkdir(pictures, { recursive: true })
  browser = await startChromium()
}, 300_000)

afterAll(async () => {
  await browser?.close()
})

/** Orders of the last minute, one of each fate among many that work. */
async function sendOrders(watch: WatchProcess): Promise<Readonly<Record<Fate, string>>> {
  const fates: Readonly<Record<number, Fate>> = { 1005: 'recovers', 1012: 'lost', 1020: 'dies', 1033: 'recovers' }
  const ids: Record<Fate, string> = { works: '', recovers: '', dies: '', lost: '' }
  for (let number = 1000; number < 1042; number += 1) {
    const fate = fates[number] ?? 'works'
    const spans = orderJourney(number, fate, Date.now() - (1042 - number) * 1400)
    ids[fate] = spans[0]?.traceId ?? ''
    await watch.send(spans)
  }
  await watch.send(orderJourney(1042, 'works', Date.now()).slice(0, 2))
  return ids
}

// A machine that is busy with other tests may be late by itself.
test('a journey appears within a second, on a page that asks for nothing but itself', { retry: 3 }, async () => {
  const watch = await startWatchProcess()
  const { page, requests, complaints } = await openWatchPage(browser, watch.url)
  const sent = performance.now()
  await watch.send(orderJourney(1, 'works', Date.now()))
  await page.getByRole('link', { name: 'POST /orders' }).waitFor()
  expect(performance.now() - sent).toBeLessThan(1000)
  expect(requests.every((request) => request.startsWith(watch.url) || request.startsWith('data:'))).toBe(true)
  expect(complaints).toEqual([])
})

test.each(schemes)(
  'the %s page is pictured empty, living, and with one broken journey',
  async (colorScheme) => {
    const watch = await startWatchProcess()
    const views: { readonly page: Page; readonly name: string }[] = []
    for (const width of [500, 900, 1600]) {
      const { page } = await openWatchPage(browser, watch.url, { colorScheme, width })
      views.push({ page, name: `${colorScheme}-${width}` })
    }
    const picture = async (state: string): Promise<void> => {
      for (const { page, name } of views) await page.screenshot({ path: `${pictures}${state}-${name}.png` })
    }
    await picture('empty')
    const { lost } = await sendOrders(watch)
    for (const { page } of views) await page.locator('#broken-count.some').waitFor({ timeout: 15_000 })
    await picture('living')
    for (const { page } of views) {
      await page.goto(`${watch.url}/#${lost}`)
      await page.locator('.finding').waitFor()
      expect(await page.locator('.finding').innerText()).toContain('process orders is not connected to send orders')
      // Nothing sticks out, however narrow the page is.
      expect(await page.evaluate(() => document.body.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    }
    await picture('broken')
  },
  90_000,
)

test.each(schemes)('texts of the %s page stand out from what is behind them', async (colorScheme) => {
  const watch = await startWatchProcess()
  const { lost, dies } = await sendOrders(watch)
  const { page } = await openWatchPage(browser, watch.url, { colorScheme })
  for (const id of ['', dies, lost]) {
    await page.goto(`${watch.url}/#${id}`)
    await page
      .locator(id === lost ? '.finding' : id === dies ? '.row' : '#list a')
      .first()
      .waitFor({ timeout: 15_000 })
    const weakest = await page.evaluate(leastContrast)
    expect(weakest).toMatchObject({ ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5) })
  }
})

test('links are followed: from a dead letter to its last attempt, and back', async () => {
  const watch = await startWatchProcess()
  const { dies } = await sendOrders(watch)
  const { page } = await openWatchPage(browser, watch.url)
  await page.goto(`${watch.url}/#${dies}`)
  await page.getByRole('link', { name: 'process orders attempt 3' }).click()
  const target = page.locator('.row.target')
  await expect.poll(() => target.innerText()).toContain('attempt 3/3')
  expect(page.url()).toMatch(new RegExp(`#${dies}/\\d+$`))
  await page.getByRole('button', { name: /process orders-dead/ }).click()
  expect(await page.locator('.facts:visible').innerText()).toContain('tracebaton.dead_letter.source')
  await page.locator('table').getByRole('link', { name: '2 of 3' }).click()
  await expect.poll(() => target.innerText()).toContain('attempt 2/3')
})

test('the filters show what was asked for, and say when there is nothing', async () => {
  const watch = await startWatchProcess()
  await sendOrders(watch)
  const { page } = await openWatchPage(browser, watch.url)
  const rows = page.locator('#list a:visible')
  await expect.poll(() => rows.count()).toBe(43)
  await page.keyboard.press('/')
  await page.keyboard.type('orders/0@1020')
  await expect.poll(() => rows.count()).toBe(1)
  await page.keyboard.press('Escape')
  await expect.poll(() => rows.count()).toBe(43)
  await page.getByRole('button', { name: 'Failed' }).click()
  await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('dead letter')])
  await page.getByRole('searchbox').fill('nothing like it')
  expect(await page.getByText('No journey matches.').isVisible()).toBe(true)
})

test('the keyboard alone is enough, and a reader who cannot see is told', async () => {
  const watch = await startWatchProcess()
  const { lost } = await sendOrders(watch)
  const { page } = await openWatchPage(browser, watch.url)
  await page.locator('#broken-count.some').waitFor({ timeout: 15_000 })
  await page.keyboard.press('b')
  await page.keyboard.press('ArrowDown')
  await page.locator('.finding').waitFor()
  expect(page.url()).toBe(`${watch.url}/#${lost}`)
  const tree = await page.locator('body').ariaSnapshot()
  expect(tree).toContain('button "Broken 1" [pressed]')
  expect(tree).toContain('searchbox "Filter journeys"')
  expect(tree).toMatch(/button "ok, level 1: process orders"/)
  await page.keyboard.press('Escape')
  expect(page.url()).toBe(`${watch.url}/#`)
  await watch.send(orderJourney(2000, 'dies', Date.now()))
  await expect
    .poll(() => page.getByRole('status').textContent(), { timeout: 10_000 })
    .toBe('1 new journey, 1 failed or broken.')
}, 60_000)

test('no name sticks out of a narrow page, however long it is', async () => {
  const watch = await startWatchProcess()
  const name = 'W'.repeat(400)
  const spans = orderJourney(1, 'dies', Date.now()).map((span) => Object.assign(span, { name, service: name }))
  await watch.send(spans)
  const { page } = await openWatchPage(browser, watch.url, { width: 500 })
  for (const hash of ['', spans[0]?.traceId]) {
    await page.goto(`${watch.url}/#${hash}`)
    const place = page.locator(hash === '' ? '#journeys' : '#journey')
    await place.getByText(name.slice(0, 100)).first().waitFor()
    expect(await place.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0)
  }
})

test('hostile names stay text', async () => {
  const watch = await startWatchProcess()
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>"onclick="alert(3)'
  const spans = orderJourney(1, 'dies', Date.now()).map((span) => {
    const attributes = { ...span.attributes, [hostile]: hostile, 'error.type': hostile }
    return Object.assign(span, { name: hostile, service: hostile, attributes, statusMessage: hostile })
  })
  await watch.send(spans)
  const { page, complaints } = await openWatchPage(browser, watch.url)
  await page.goto(`${watch.url}/#${spans[0]?.traceId}`)
  await page.locator('.row button').first().click()
  expect(await page.locator('.facts').first().innerText()).toContain(hostile)
  expect(await page.locator('img, script:not([src="/page/main.js"]), [onclick], [onerror]').count()).toBe(0)
  expect(complaints).toEqual([])
})

test('a page that was open before a restart finds the new server', async () => {
  const watch = await startWatchProcess()
  const { page } = await openWatchPage(browser, watch.url)
  await watch.send(orderJourney(1, 'works', Date.now()))
  await page.locator('#list a').waitFor()
  expect(await watch.stop()).toBe(0)
  await page.locator('#connection[data-state=off]').waitFor()
  const again = await startWatchProcess(Number(new URL(watch.url).port))
  await page.locator('#connection[data-state=live]').waitFor({ timeout: 10_000 })
  await expect.poll(() => page.locator('#list a').count()).toBe(0)
  await again.send(orderJourney(2, 'works', Date.now()))
  await page.locator('#list a').waitFor()
}, 60_000)

test('npm run demo -- --watch shows the orders on the page', async () => {
  const demo = fileURLToPath(new URL('../../examples/orders/dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [demo, '--watch'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGTERM'))
  const lines: string[] = []
  const said = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await expect.poll(() => lines.some((line) => line.startsWith('Still to be seen on')), { timeout: 40_000 }).toBe(true)
  const url = /http:\/\/[\w.:]+\d/.exec(lines.find((line) => line.startsWith('Watch the orders')) ?? '')?.[0]
  const { page } = await openWatchPage(browser, url ?? '')
  await expect.poll(() => page.locator('#list a', { hasText: 'orders' }).count()).toBeGreaterThanOrEqual(3)
  for (const state of ['recovered', 'dead letter']) {
    expect(await page.locator('.chip', { hasText: state }).count()).toBe(1)
  }
  child.kill('SIGINT')
  expect((await once(child, 'exit'))[0]).toBe(0)
  said.close()
}, 90_000)

/** Lets a page believe that its reader looks at it, or at something else. */
async function show(page: Page, visible: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, !visible)
}

/** Opens one more page of a browser, and waits until it is told of changes. */
async function openLivePage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.locator('#connection[data-state=live]').waitFor()
  return page
}

test('hidden pages give their connections back, so that the visible one has one', async () => {
  const watch = await startWatchProcess()
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  // A browser opens six connections to a server.
  for (let count = 1; count <= 8; count += 1) {
    const page = await openLivePage(context, watch.url)
    if (count < 8) await show(page, false)
  }
  await watch.send(orderJourney(1, 'works', Date.now()))
  const [first] = context.pages() as [Page]
  expect(await first.locator('#list a').count()).toBe(0)
  await show(first, true)
  await first.locator('#list a').waitFor()
})

test('of seven visible pages the latest five are told, and one that rests goes on when its reader comes back', async () => {
  const watch = await startWatchProcess()
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  for (let count = 1; count <= 7; count += 1) await openLivePage(context, watch.url)
  const states = () =>
    Promise.all(context.pages().map((page) => page.locator('#connection').getAttribute('data-state')))
  await expect.poll(states).toEqual(['resting', 'resting', 'live', 'live', 'live', 'live', 'live'])
  const [first] = context.pages() as [Page]
  await watch.send(orderJourney(1, 'works', Date.now()))
  await first.locator('header').click()
  await first.locator('#list a').first().waitFor()
  await expect.poll(states).toEqual(['live', 'resting', 'resting', 'live', 'live', 'live', 'live'])
})

test('a page that is told everything again keeps the focus of its reader', async () => {
  const watch = await startWatchProcess()
  const { page } = await openWatchPage(browser, watch.url)
  for (const number of [1, 2, 3]) await watch.send(orderJourney(number, 'works', Date.now()))
  await page.locator('#list a').nth(2).focus()
  await show(page, false)
  await watch.send(orderJourney(4, 'works', Date.now()))
  await show(page, true)
  await expect.poll(() => page.locator('#list a').count()).toBe(4)
  expect(
    await page
      .locator('#list a')
      .nth(3)
      .evaluate((row) => row === document.activeElement),
  ).toBe(true)
})

test('a page that was refused tries again', async () => {
  const watch = await startWatchProcess()
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  // Another server on the port, or one in between.
  await context.route('**/events', (route) => route.fulfill({ status: 503 }))
  const page = await context.newPage()
  await page.goto(watch.url)
  await page.getByText('not connected, trying again').waitFor()
  await context.unroute('**/events')
  await expect.poll(() => page.locator('#connection').getAttribute('data-state'), { timeout: 10_000 }).toBe('live')
})

test('a journey that is no longer kept says so, and leads back to the others', async () => {
  const watch = await startWatchProcess()
  await watch.send(orderJourney(1, 'works', Date.now()))
  const { page } = await openWatchPage(browser, watch.url, { width: 400 })
  await page.goto(`${watch.url}/#${'0'.repeat(32)}`)
  await page.getByText('This journey is no longer kept.').waitFor()
  await page.getByRole('link', { name: 'All journeys' }).click()
  await expect.poll(() => page.locator('#list a:visible').count()).toBe(1)
})
