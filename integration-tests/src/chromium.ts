import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { installPackages, mayInstall } from './bare-machine.ts'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

// As root there is no sandbox; the rest keeps the browser from calling home, which would look like a request of the page.
const parameters = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts a headless Chromium: the one that `TRACEBATON_CHROMIUM` names, else the one that is installed. On a bare Debian
 * machine run by root (CI, a container) it is installed first; anywhere else this rejects, saying what can be done.
 */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await executable(), args: parameters })
}

/** A page, what it asked for, and what it complained about. */
export interface OpenPage {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

/** How a reader looks at a page: px, and what the reader prefers. */
export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** Opens a page as a reader would. It is closed at the end of the test. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 800, colorScheme = 'light' }: PageOptions = {},
): Promise<OpenPage> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height } })
  onTestFinished(() => page.close())
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, requests, complaints }
}

async function executable(): Promise<string> {
  const given = process.env['TRACEBATON_CHROMIUM']
  if (given !== undefined && given !== '') {
    return given
  }
  const installed = candidates.find((path) => existsSync(path))
  if (installed !== undefined) {
    return installed
  }
  const problem = mayInstall() ? await installPackages('chromium') : 'There is no Chromium.'
  if (problem !== undefined) {
    throw noChromium(problem)
  }
  return '/usr/bin/chromium'
}

function noChromium(what: string): Error {
  const error = new Error(
    `${what} Install it, or name a Chromium or Chrome in TRACEBATON_CHROMIUM; or run the tests that need none: npm run test:unit`,
  )
  error.stack = `Error: ${error.message}`
  return error
}
