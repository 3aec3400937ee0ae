import { request as httpRequest } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import type { Change } from '../../src/watch/protocol.ts'
import { startWatch } from '../../src/watch/watch.ts'
import { story } from '../story.ts'
import { journalWith } from './journal-with.ts'

async function watching() {
  const journal = journalWith({ keep: 1000, quiet: 6000 })
  const watch = await startWatch({ journal, port: 0, host: '127.0.0.1' })
  onTestFinished(() => watch.close())
  return { ...watch, journal }
}

const send = (url: string, body: string, type = 'application/json') =>
  fetch(`${url}/v1/traces`, { method: 'POST', body, headers: { 'content-type': type } })

async function sendSpans(url: string, spans: readonly RecordedSpan[]): Promise<void> {
  for (const line of otlpJsonLines(spans).trim().split('\n')) expect((await send(url, line)).status).toBe(200)
}

/** What a page is told, until it has enough. */
async function* changes(url: string): AsyncGenerator<Change> {
  const response = await fetch(`${url}/events`)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) yield JSON.parse(event.replace(/^(?:retry: \d+\n)?data: /, '')) as Change
  }
}

/** The answer to a request with a host header of its own. */
function statusFor(url: string, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url + path, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })
}

test('a journey reaches a page that is open, and a page that opens later has it at once', async () => {
  const { url } = await watching()
  const first = changes(url)
  expect((await first.next()).value).toMatchObject({ reset: true, journeys: [], counts: { limit: 1000, spans: 0 } })
  await sendSpans(url, story)
  const { value } = await first.next()
  expect(value).toMatchObject({ reset: false, journeys: [{ title: 'POST /orders' }] })
  expect((await changes(url).next()).value).toMatchObject({ reset: true, journeys: [{ title: 'POST /orders' }] })
})

test('what cannot be read is refused and counted', async () => {
  const { url, journal } = await watching()
  expect((await send(url, 'no JSON')).status).toBe(400)
  expect((await send(url, '{}', 'text/plain')).status).toBe(415)
  expect(
    (await fetch(`${url}/v1/metrics`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }))
      .status,
  ).toBe(200)
  expect(journal.everything().counts.problems).toBe(2)
})

test('the page comes with a strict policy, and nothing else is served', async () => {
  const { url } = await watching()
  const page = await fetch(url)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = page.headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]),
  )
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await page.text()).not.toMatch(/<script>|<style>| style=| on[a-z]+=|https?:\/\/(?!www\.w3\.org)/)
  expect((await fetch(`${url}/style.css`)).headers.get('content-type')).toBe('text/css; charset=utf-8')
  for (const path of ['/page/../server.js', '/page/%2e%2e/server.js', '/package.json', '//', '/journey?id=x']) {
    expect((await fetch(url + path)).status).toBe(404)
  }
  expect((await fetch(url, { method: 'PUT' })).status).toBe(405)
})

test('a name of somebody else that leads here is refused', async () => {
  const { url } = await watching()
  const { host, port } = new URL(url)
  expect(await statusFor(url, '/', 'evil.example')).toBe(403)
  expect(await statusFor(url, '/events', 'evil.example:4318')).toBe(403)
  expect(await statusFor(url, '/', host)).toBe(200)
  expect(await statusFor(url, '/', `localhost:${port}`)).toBe(200)
  expect(await statusFor(url, '/', '[::1]')).toBe(200)
})

test('hostile names are data and nothing else', async () => {
  const { url } = await watching()
  const hostile = '<img src=x onerror=alert(1)>\u001b[2J\u202e\n\ndata: {"reset":true}'
  await sendSpans(
    url,
    story.map((span) => Object.assign({}, span, { name: hostile, attributes: { [hostile]: hostile } })),
  )
  const pages = changes(url)
  const { value } = await pages.next()
  const { journeys } = (value.journeys.length > 0 ? value : (await pages.next()).value) as Change
  expect(journeys).toMatchObject([{ title: '<img src=x onerror=alert(1)>[2J data: {"reset":true}' }])
})

test('of too many open pages the first is told to rest', async () => {
  const { url } = await watching()
  const opened: Response[] = []
  for (let count = 0; count < 6; count += 1) opened.push(await fetch(`${url}/events`))
  const [first, ...others] = opened
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 200))
  expect(await first?.text()).toMatch(/\nevent: rest\ndata: 1\n\n$/)
})

test('a port that is taken is said at once', async () => {
  const { url } = await watching()
  await expect(
    startWatch({ journal: journalWith(), port: Number(new URL(url).port), host: '127.0.0.1' }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('it ends at once, with pages that are open', async () => {
  const watch = await startWatch({ journal: journalWith(), port: 0, host: '127.0.0.1' })
  const pages = changes(watch.url)
  await pages.next()
  const began = performance.now()
  await watch.close()
  expect((await pages.next().catch(() => ({ done: true }))).done).toBe(true)
  expect(performance.now() - began).toBeLessThan(500)
  await expect(fetch(watch.url)).rejects.toThrow('fetch failed')
})
