import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { median } from '../measure.js'

const ours = createRequire(import.meta.url).resolve('@tracebaton/instrumentation/register')
const preload = (file) => ['--import', pathToFileURL(file).href]

/** What is loaded before an empty program. */
const STARTS = { nothing: [], ours: preload(ours), official: preload(join(import.meta.dirname, 'official.js')) }

/**
 * Starts an empty program in turn after each of them. In the folder for temporary files, because with a package that has ES
 * modules there would be a loader as well.
 *
 * @returns {Record<string, number>} ms, the median
 */
export function measureStarts(rounds) {
  const times = Object.fromEntries(Object.keys(STARTS).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(STARTS)) {
      const begun = performance.now()
      const { status } = spawnSync(process.execPath, [...args, '--eval', ''], { cwd: tmpdir(), stdio: 'inherit' })
      times[name].push(performance.now() - begun)
      if (status !== 0) throw new Error(`After ${name}, an empty program ended with ${status}`)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
}
