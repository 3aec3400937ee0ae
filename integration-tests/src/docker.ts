import { installPackages, mayInstall } from './bare-machine.ts'
import { startDaemon } from './docker-daemon.ts'
import { run, succeeds } from './command.ts'
import { announced, say } from './progress.ts'

/** Whether a Docker daemon answers. Never rejects. */
async function dockerAnswers(): Promise<boolean> {
  const { code, stdout } = await run('docker', ['info', '--format', '{{.ServerVersion}}'])
  return code === 0 && stdout.trim() !== ''
}

/**
 * Makes sure that a Docker daemon answers. On a bare Debian machine run by root (CI, a container) it is installed and
 * started if need be, and stays running; anywhere else nothing is changed and this rejects, saying what can be done.
 */
export async function ensureDocker(): Promise<void> {
  if (await dockerAnswers()) {
    return
  }
  if (!mayInstall() || process.env['DOCKER_HOST'] !== undefined) {
    throw noDocker('No Docker daemon answers.')
  }
  if (!(await succeeds('dockerd', ['--version']))) {
    const problem = await installPackages('docker.io', 'iptables')
    if (problem !== undefined) {
      throw noDocker(problem)
    }
  }
  if (await dockerAnswers()) {
    return
  }
  const daemon = await announced('starting the Docker daemon', () => startDaemon(dockerAnswers))
  if (!daemon.running) {
    throw noDocker(`The Docker daemon does not start, see ${daemon.log}.`)
  }
  say(`Docker daemon started; it stays running, for the next time (log: ${daemon.log})`)
}

// What to do is all there is to say: where it was thrown helps nobody, and test reporters print it at length.
function noDocker(what: string): Error {
  const error = new Error(
    `${what} Start Docker; or give the addresses of running brokers in TRACEBATON_KAFKA, TRACEBATON_AMQP, ` +
      'TRACEBATON_SQS and TRACEBATON_REDIS; or run the tests that need no broker: npm run test:unit',
  )
  error.stack = `Error: ${error.message}`
  return error
}
