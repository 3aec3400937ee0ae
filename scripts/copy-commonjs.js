// Runs in a package's folder: what is written as CommonJS belongs to both builds as it is.
import { copyFileSync, readdirSync } from 'node:fs'

for (const file of readdirSync('src')) {
  if (!file.endsWith('.cjs')) continue
  for (const format of ['esm', 'cjs']) copyFileSync(`src/${file}`, `dist/${format}/${file}`)
}
