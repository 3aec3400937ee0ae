import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The packages whose sources name their instrumentation scope, with that source and with what their manifests say. */
export function scopes() {
  return readdirSync('packages').flatMap((folder) => {
    const file = ['src/scope.ts', 'src/base/scope.ts', 'src/cli/version.ts']
      .map((path) => `packages/${folder}/${path}`)
      .find(existsSync)
    if (file === undefined) return []
    const { name, version } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'))
    return [{ file, source: readFileSync(file, 'utf8'), name, version }]
  })
}
