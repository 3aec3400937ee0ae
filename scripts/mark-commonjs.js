// Runs in a package's folder: Node reads the files under dist/cjs as CommonJS although the package itself is a module.
import { writeFileSync } from 'node:fs'

writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
