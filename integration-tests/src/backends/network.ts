import { randomUUID } from 'node:crypto'
import { lastLine, run } from '../command.ts'
import { ownerLabels } from '../leftovers.ts'

/** A network of containers, where they find one another by name. */
export interface Network extends AsyncDisposable {
  readonly name: string
}

/** Makes a network. Disposing it removes it, once its containers are gone. Rejects when Docker refuses. */
export async function startNetwork(): Promise<Network> {
  const name = `tracebaton-${randomUUID()}`
  const labels = Object.entries(ownerLabels).map(([label, value]) => `--label=${label}=${value}`)
  const { code, stderr } = await run('docker', ['network', 'create', ...labels, name])
  if (code !== 0) throw new Error(`Docker makes no network: ${lastLine(stderr)}`)
  return {
    name,
    async [Symbol.asyncDispose]() {
      await run('docker', ['network', 'rm', name])
    },
  }
}
