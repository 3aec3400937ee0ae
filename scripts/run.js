import { spawn } from 'node:child_process'

const HEARTBEAT = 5000

/**
 * Runs a command, collects what it prints, and says every few seconds that it still runs.
 * Resolves with `{ code, output, seconds }`; never rejects: a command that cannot be started has code 127.
 */
export function run(title, command, args, { cwd, env } = {}) {
  const started = Date.now()
  const seconds = () => (Date.now() - started) / 1000
  return new Promise((resolve) => {
    const first = setTimeout(() => console.log(`${title} …`), 1500)
    const heartbeat = setInterval(() => console.log(`${title} … ${seconds().toFixed(0)} s`), HEARTBEAT)
    let output = ''
    const end = (code) => {
      clearTimeout(first)
      clearInterval(heartbeat)
      resolve({ code, output, seconds: seconds() })
    }
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => {
      output += error.message
      end(127)
    })
    child.on('close', (code, signal) => end(signal === null ? code : 1))
  })
}

/** Runs npm: the one that started us, where there is one. */
export function runNpm(title, args) {
  const npm = process.env.npm_execpath
  if (npm !== undefined && npm.endsWith('.js')) return run(title, process.execPath, [npm, ...args])
  return process.platform === 'win32' ? run(title, 'cmd', ['/c', 'npm', ...args]) : run(title, 'npm', args)
}

/** Runs the script a package installs as its command, without a shell: `bin` is a path below node_modules. */
export function runTool(title, bin, args) {
  return run(title, process.execPath, [`node_modules/${bin}`, ...args], { env: QUIET })
}

/** Keeps turbo from counting its users and from announcing new versions. */
const QUIET = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}
