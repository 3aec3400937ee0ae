import { expect, test } from 'vitest'
import { CLIENTS, tracedBy, WAYS } from '../src/instrumentation-matrix.ts'
import { NODE_MAJOR } from '../src/node.ts'

/** Ways that leave a client untraced, and why. The list may not grow. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // In a bundle there is no file that Node compiles.
  'esbuild without our plugin': CLIENTS,
  // Vitest starts its workers without the arguments of Node that it was started with.
  'Vitest without set-up': CLIENTS,
  // Jest compiles files itself.
  'Jest without patchModule': CLIENTS,
  // A package is known by the folder that it is in.
  'kafkajs under another name': ['kafkajs'],
  // Node compiles a text that it is given by another function than the one that is hooked.
  'a loader that gives texts': CLIENTS,
}

/** Older lines of Node do not strip types. */
const ways = Object.keys(WAYS).filter((way) => way !== 'type stripping' || NODE_MAJOR >= 22)

test.concurrent.each(ways)('each client is traced, or it is known why not: %s', { timeout: 120_000 }, async (way) => {
  const untraced = EXCEPTIONS[way] ?? []
  expect(await tracedBy(way)).toEqual(CLIENTS.filter((client) => !untraced.includes(client)))
})
