import { execFile, execFileSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'

const docker = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('docker', args)
  return stdout.trim()
}

const OFFICIAL_IMAGE = 'apache/kafka:4.3.0'

const ADVICE = `Either start Docker and run: docker pull ${OFFICIAL_IMAGE}
or name a broker that is running: TRACEBATON_KAFKA=localhost:9092 npm run demo -- --broker kafka`

/**
 * Finds a broker: the one that `TRACEBATON_KAFKA` names, else one in a container that goes when this process does.
 * Gives its address once the container runs, which is before it takes clients. Rejects with advice when there is none.
 */
export async function findBroker(): Promise<string> {
  const given = process.env['TRACEBATON_KAFKA']
  if (given) return given
  const image = await findImage()
  const port = await freePort()
  console.log(`Starting Kafka in a container (${image}).`)
  const id = await docker('run', '--detach', '--rm', `--publish=127.0.0.1:${port}:9092`, ...environment(port), image)
  process.once('exit', () => execFileSync('docker', ['rm', '--force', id], { stdio: 'ignore' }))
  process.once('SIGINT', () => process.exit(130))
  return `localhost:${port}`
}

/** An image that is here already: the given one, the official one, or one that the integration tests have built. */
async function findImage(): Promise<string> {
  const list = (name: string): Promise<string[]> =>
    docker('image', 'ls', '--format={{.Repository}}:{{.Tag}}', `--filter=reference=${name}`).then(
      (lines) => lines.split('\n').filter(Boolean),
      () => {
        throw new Error(`There is no Kafka here: no Docker answers, and TRACEBATON_KAFKA names no broker.\n${ADVICE}`)
      },
    )
  for (const name of [process.env['TRACEBATON_KAFKA_IMAGE'] ?? OFFICIAL_IMAGE, 'tracebaton/kafka']) {
    const [image] = await list(name)
    if (image !== undefined) return image
  }
  throw new Error(`There is no Kafka here: Docker answers, but has no image of it.\n${ADVICE}`)
}

/** One broker that is its own controller. It reaches itself by a listener of its own. */
function environment(port: number): string[] {
  const variables = {
    NODE_ID: '1',
    PROCESS_ROLES: 'broker,controller',
    CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    INTER_BROKER_LISTENER_NAME: 'BROKER',
    LISTENERS: 'PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093',
    ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port},BROKER://localhost:9094`,
    LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  }
  return Object.entries(variables).map(([name, value]) => `--env=KAFKA_${name}=${value}`)
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
