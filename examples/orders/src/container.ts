import { execFile, execFileSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'

const docker = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('docker', args)
  return stdout.trim()
}

/** A broker that runs in a container, or somewhere else. */
export interface Recipe {
  /** As people call it. */
  readonly name: string
  /** As `--broker` calls it. */
  readonly broker: string
  /** The official image, and the name of those that the integration tests build. */
  readonly images: readonly [official: string, local: string]
  /** The variable that may hold the address of a running one; with `_IMAGE` behind it, the name of an image. */
  readonly variable: string
  /** Port inside the container. */
  readonly port: number
  /** What a client is configured with, for a port of this machine. */
  readonly address: (port: number) => string
  /** Variables of the container. */
  readonly environment: (port: number) => Readonly<Record<string, string>>
}

/**
 * Finds a broker: the one that the recipe's variable names, else one in a container that goes when this process does.
 * Gives its address once the container runs, which is before it takes clients. Rejects with advice when there is none.
 */
export async function findBroker(recipe: Recipe): Promise<string> {
  const given = process.env[recipe.variable]
  if (given) return given
  const image = await findImage(recipe)
  const port = await freePort()
  console.log(`Starting ${recipe.name} in a container (${image}).`)
  const variables = Object.entries(recipe.environment(port)).map(([name, value]) => `--env=${name}=${value}`)
  const publish = `--publish=127.0.0.1:${port}:${recipe.port}`
  const id = await docker('run', '--detach', '--rm', publish, ...variables, image)
  process.once('exit', () => execFileSync('docker', ['rm', '--force', id], { stdio: 'ignore' }))
  process.once('SIGINT', () => process.exit(130))
  return recipe.address(port)
}

/**
 * Tries until something works. A container takes some seconds until it answers; a broker that somebody names should do
 * so at once.
 */
export async function answered<Answer>(recipe: Recipe, address: string, ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + (process.env[recipe.variable] ? 2_000 : 20_000)
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`No ${recipe.name} broker answers at ${address} (${String(error)}).`, { cause: error })
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 300)
      })
    }
  }
}

/** An image that is here already: the given one, the official one, or one that the integration tests have built. */
async function findImage(recipe: Recipe): Promise<string> {
  const { name, broker, images, variable, port, address } = recipe
  const [official, local] = images
  const advice = `Either start Docker and run: docker pull ${official}
or name a broker that is running: ${variable}=${address(port)} npm run demo -- --broker ${broker}`
  const list = (wanted: string): Promise<string[]> =>
    docker('image', 'ls', '--format={{.Repository}}:{{.Tag}}', `--filter=reference=${wanted}`).then(
      (lines) => lines.split('\n').filter(Boolean),
      () => {
        throw new Error(`There is no ${name} here: no Docker answers, and ${variable} names no broker.\n${advice}`)
      },
    )
  for (const wanted of [process.env[`${variable}_IMAGE`] ?? official, local]) {
    const [found] = await list(wanted)
    if (found !== undefined) return found
  }
  throw new Error(`There is no ${name} here: Docker answers, but has no image of it.\n${advice}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
