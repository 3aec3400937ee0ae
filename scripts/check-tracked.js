// No tracked file may name a folder of somebody's machine or the host that packages happen to come from there.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { runNpm } from './run.js'

const { output } = await runNpm('Asking npm for its registry', ['config', 'get', 'registry', '--loglevel=error'])
const registry = URL.parse?.(output.trim())?.host ?? /^https?:\/\/([^/\s]+)/m.exec(output)?.[1]

const escape = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
const FORBIDDEN = {
  'a path of this machine': new RegExp(
    [process.cwd(), homedir()].map((path) => `(?<![\\w.])${escape(path)}[/\\\\]`).join('|'),
  ),
  'a path of some machine': /(?<![\w.:-])\/(?:home|Users|root|work)\/[\w.-]|\b[A-Z]:\\Users\\/,
  'a package registry': new RegExp(
    [String.raw`registry\.(?:npmjs\.org|yarnpkg\.com)`, ...(registry ? [escape(registry)] : [])].join('|'),
  ),
}

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(file))

for (const file of new Set(files)) {
  const text = readFileSync(file, 'utf8')
  if (text.includes('\0')) continue
  for (const [number, line] of text.split('\n').entries()) {
    for (const [what, pattern] of Object.entries(FORBIDDEN)) {
      const found = pattern.exec(line)?.[0]
      if (found === undefined) continue
      console.error(`${file}:${number + 1} names ${what}: ${found}`)
      process.exitCode = 1
    }
  }
}
