import { connect } from 'amqplib'
import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LOCAL = 'tracebaton/rabbitmq'
const PUBLIC = 'rabbitmq:4'
/** ms. */
const PATIENCE = 120_000

/** The RabbitMQ at the address in TRACEBATON_AMQP, else one in a container, which `stop` removes. */
export async function startRabbitmq() {
  const given = process.env.TRACEBATON_AMQP
  if (given) return { address: given, stop: async () => {} }
  const image = process.env.TRACEBATON_AMQP_IMAGE || (await builtImage()) || PUBLIC
  const container = await docker('run', '--detach', '--publish', '127.0.0.1::5672', image)
  const stop = () => docker('rm', '--force', '--volumes', container)
  try {
    const port = (await docker('port', container, '5672')).split(':').at(-1)
    const address = `amqp://127.0.0.1:${port}`
    await untilReady(address)
    return { address, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The image that the integration tests have built, if they have. */
async function builtImage() {
  const [image] = (await docker('images', '--format', '{{.Repository}}:{{.Tag}}', LOCAL)).split('\n')
  return image
}

async function docker(...args) {
  const { stdout } = await run('docker', args)
  return stdout.trim()
}

async function untilReady(address) {
  const deadline = Date.now() + PATIENCE
  for (;;) {
    try {
      const connection = await connect(address)
      return await connection.close()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await wait(500)
    }
  }
}
