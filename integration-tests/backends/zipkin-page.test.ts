import { join } from 'node:path'
import { messageFacts } from '@tracebaton/testing'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { playDemo } from '../src/backends/demo.ts'
import { traceOf } from '../src/backends/zipkin.ts'
import { openPage, startChromium } from '../src/chromium.ts'
import { root } from '../src/packed.ts'

const { collector, zipkin } = inject('backends')

/** `TRACEBATON_PICTURES=write` keeps what is seen, for the documentation. */
const picture = process.env['TRACEBATON_PICTURES'] === 'write' ? join(root, 'docs/images/zipkin.png') : undefined

let browser: Browser
let traceId: string

beforeAll(async () => {
  browser = await startChromium()
  const spans = await playDemo(collector)
  traceId = spans.find((span) => messageFacts(span).attempt === 3)!.traceId
  const own = spans.filter((span) => span.traceId === traceId)
  await vi.waitUntil(async () => (await traceOf(zipkin, traceId)).length >= own.length, { timeout: 15_000 })
})

afterAll(() => browser?.close())

test('the page of a trace shows the order, its send and its attempts, and what is known of each', async () => {
  const { page } = await openPage(browser, `${zipkin}/zipkin/traces/${traceId}`, { width: 1200, height: 680 })
  const attempts = page.getByText('process orders')
  await attempts.nth(2).waitFor()
  expect(await page.getByText('post /orders').count()).toBeGreaterThan(0)
  await attempts.nth(1).click()
  await page.getByText('Annotation', { exact: true }).click()
  await page.getByText('tracebaton.delivery.attempt', { exact: true }).scrollIntoViewIfNeeded()
  if (picture !== undefined) await page.screenshot({ path: picture })
})
