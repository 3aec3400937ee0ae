import { isIP } from 'node:net'
import { hostname } from 'node:os'

/**
 * What the page may do: load its own files and listen to its own server, and nothing else. Text can become markup
 * nowhere, not even by mistake.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/**
 * Whether a request names this server as somebody would who means it. A web page elsewhere can have its own name lead
 * to this machine, and could then read what is here; it cannot do so with an address.
 *
 * @param given the `Host` header
 * @param host what the server was told to listen on
 */
export function isOwnHost(given: string | undefined, host: string): boolean {
  const name = given?.replace(/:\d{1,5}$/, '').toLowerCase() ?? ''
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
  return name === 'localhost' || name.endsWith('.localhost') || name === host || name === hostname().toLowerCase()
}
