import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the ranges that operating systems take outgoing ports from: while a broker restarts, a client that keeps
// dialling a port of those ranges can be given that very port and so connect to itself.
const lowest = 20_000
const highest = 30_000

/** Finds a TCP port that nobody listens on, outside the range of outgoing connections. Rejects after 100 taken ones. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest)
    // oxlint-disable-next-line no-await-in-loop -- one candidate after the other
    if (await isFree(port)) {
      return port
    }
  }
  throw new Error(`No free TCP port found between ${lowest} and ${highest}.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
