import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { openPage, type OpenPage, type PageOptions } from '../chromium.ts'

/** Opens the page of a watch, and waits until it hears of journeys. */
export async function openWatchPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const opened = await openPage(browser, url, { height: 900, ...options })
  // Asked for, and not waited for by a selector: what it is instead stands in the error then.
  const state = () => opened.page.locator('#connection').getAttribute('data-state')
  await expect.poll(state, { timeout: 30_000 }).toBe('live')
  return opened
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
