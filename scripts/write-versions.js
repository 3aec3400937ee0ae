// Writes the version of each package into its sources, where the instrumentation scope of its spans and metrics names it:
// a bundle has no package.json to read.
import { writeFileSync } from 'node:fs'
import { scopes } from './scopes.js'

for (const { file, source, version } of scopes())
  writeFileSync(file, source.replace(/version: '[^']*'/, `version: '${version}'`))
