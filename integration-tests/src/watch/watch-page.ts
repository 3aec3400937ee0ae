import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** An open page, what it asked for, and what it complained about. */
export interface OpenPage {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

/** Opens the page of a watch as a reader would. It is closed at the end of the test. */
export async function openWatchPage(
  browser: Browser,
  url: string,
  { width = 1280, colorScheme = 'light' }: { readonly width?: number; readonly colorScheme?: 'light' | 'dark' } = {},
): Promise<OpenPage> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
  onTestFinished(() => page.close())
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  await page.locator('#connection[data-state=live]').waitFor()
  return { page, requests, complaints }
}

/** Bytes that the page has in use after a collection, its documents and all their elements. */
export async function pageHeap(page: Page): Promise<{ readonly heap: number; readonly nodes: number }> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.enable')
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  await session.detach()
  return { heap: usedSize, nodes }
}
