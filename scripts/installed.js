import { readFileSync } from 'node:fs'

/** Whether node_modules holds what package-lock.json asks for, by npm's own record of its last install. */
export function isInstalled() {
  let installed
  try {
    installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages
  } catch {
    return false
  }
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
  return (
    Object.entries(wanted).every(([path, entry]) => !path.includes('node_modules/') || fits(entry, installed[path])) &&
    Object.keys(installed).every((path) => path in wanted)
  )
}

/** Optional packages may be absent: most of them are builds for other machines. */
function fits(wanted, installed) {
  if (installed === undefined) return wanted.optional === true || wanted.devOptional === true
  return wanted.version === installed.version && wanted.link === installed.link
}
