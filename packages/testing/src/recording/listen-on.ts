import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Lets a server listen, and gives its address: `http://127.0.0.1:4318`. Rejects when it cannot. */
export async function listenOn(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return urlOf(server.address() as AddressInfo)
}

function urlOf({ address, family, port }: AddressInfo): string {
  const anywhere = address === '0.0.0.0' || address === '::'
  const host = anywhere ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}
