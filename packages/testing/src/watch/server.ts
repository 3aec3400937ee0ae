import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { answerOtlp } from '../otlp/endpoint.ts'
import type { Feed } from './feed.ts'
import type { Journal } from './journal.ts'
import { pageFile } from './page-files.ts'
import { isOwnHost, securityHeaders } from './policy.ts'

// Bytes of one export, unpacked. The SDK sends 512 spans at a time.
const maxRequestBytes = 32 * 1024 * 1024

/** Takes spans, and shows the page. It does not listen yet. */
export function createWatchServer(journal: Journal, feed: Feed, host: string): Server {
  const endpoint = {
    maxBytes: maxRequestBytes,
    add: (spans: Parameters<Journal['add']>[0]) => journal.add(spans),
    tell: () => journal.countProblem(),
  }
  return createServer((request, response) => {
    response.on('error', () => {})
    const { pathname, searchParams } = addressOf(request)
    if (request.method === 'POST') {
      void answerOtlp(request, response, endpoint).catch(() => void response.destroy())
      return
    }
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    if (request.method !== 'GET') answer(response, 405, 'text/plain', 'This is read with GET.\n')
    else if (!isOwnHost(request.headers.host, host)) {
      answer(response, 403, 'text/plain', 'Open this page by the address that tracebaton watch has printed.\n')
    } else if (pathname === '/events') {
      feed.add(response)
    } else if (pathname === '/journey') {
      const detail = journal.detail(searchParams.get('id') ?? '')
      answer(response, detail ? 200 : 404, 'application/json', JSON.stringify(detail ?? null))
    } else {
      const file = pageFile(pathname)
      answer(response, file ? 200 : 404, file?.type ?? 'text/plain', file?.content ?? 'There is nothing here.\n')
    }
  })
}

function addressOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://localhost')
  } catch {
    return new URL('http://localhost/unreadable')
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  const bytes = Buffer.from(body)
  const contentType = type === 'application/json' ? type : `${type}; charset=utf-8`
  response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.byteLength }).end(bytes)
}
