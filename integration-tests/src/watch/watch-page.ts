import type { Browser, Page } from 'playwright-core'
import { openPage, type OpenPage, type PageOptions } from '../chromium.ts'

/** Opens the page of a watch, and waits until it hears of journeys. */
export async function openWatchPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const opened = await openPage(browser, url, { height: 900, ...options })
  await opened.page.locator('#connection[data-state=live]').waitFor()
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
