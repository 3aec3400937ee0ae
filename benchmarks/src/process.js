import { fork } from 'node:child_process'

/** Code is compiled early and stays; the young generation has from the start the size (MB) that it has in the end. */
export const COMPILED = ['--expose-gc', '--no-warnings', '--always-sparkplug', '--no-flush-bytecode']
export const USUAL_HEAP = ['--min-semi-space-size=16', '--max-semi-space-size=16']
/** Nothing is collected while what is allocated is counted. */
export const LARGE_HEAP = ['--min-semi-space-size=256', '--max-semi-space-size=256']

/**
 * Runs a program in a process of its own. Gives the message that it sends.
 *
 * @param {string} what in words, for the error if it ends without one
 * @param {string} file
 * @param {readonly string[]} parameters
 * @param {readonly string[]} flags of Node
 */
export function runProcess(what, file, parameters, flags) {
  const child = fork(file, parameters, { execArgv: [...flags], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${what}: ended with ${code}`)))
  })
}
