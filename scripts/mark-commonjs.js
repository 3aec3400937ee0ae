// Runs in a package's folder: Node reads the files under dist/cjs as CommonJS although the package itself is a module,
// and what package.json names as a command can be run inside of this repository, as npm makes it where it installs.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'

writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
for (const file of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin ?? {})) chmodSync(file, 0o755)
