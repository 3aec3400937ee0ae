// Makes a checkout ready to run: Node's version, the dependencies, the build. Needs nothing but Node and npm,
// and does nothing that has been done before. Arguments go to turbo.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.js'
import { isInstalled } from './installed.js'
import { runNpm } from './run.js'

const OLDEST_NODE = [20, 19]
const INSTALL = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const problem = checkNode() ?? (await install()) ?? (await buildPackages())
if (problem !== undefined) {
  console.error(problem)
  process.exitCode = 1
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined
  return `tracebaton needs Node ${OLDEST_NODE.join('.')} or newer, and this is Node ${process.versions.node}.`
}

async function install() {
  if (isInstalled()) return undefined
  console.log('Installing the dependencies (npm ci), once …')
  const { code, output, seconds } = await runNpm('Installing the dependencies', INSTALL)
  if (code === 0) {
    console.log(`Dependencies installed in ${seconds.toFixed(1)} s.`)
    return undefined
  }
  if (code === 127) return 'tracebaton needs npm, which was not found on the PATH.'
  const cause = /^npm error code (\w+)/m.exec(output)?.[1]
  if (cause === 'EUSAGE') return 'package-lock.json does not belong to the package.json files: run npm install.'
  if (
    /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET|UNABLE_TO|SELF_SIGNED)/.test(cause ?? '')
  ) {
    return `The dependencies are missing and npm cannot reach its package registry (${cause}): connect, or set npm's "registry".`
  }
  console.error(output.trimEnd())
  return 'The dependencies are missing and npm ci failed, see above.'
}

async function buildPackages() {
  const { code, output, seconds } = await build(process.argv.slice(2))
  if (code !== 0) {
    console.error(output.trimEnd())
    return 'The packages cannot be built, see above.'
  }
  if (seconds > 2) console.log(`Packages built in ${seconds.toFixed(1)} s.`)
  return undefined
}
