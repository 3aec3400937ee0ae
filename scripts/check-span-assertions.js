// Our own tests on brokers use the test kit for what spans have to say, and nothing beside it.
import { readdirSync, readFileSync } from 'node:fs'
import { handCompared } from './hand-compared.js'

const FOLDERS = ['integration-tests/src', 'integration-tests/test']

for (const folder of FOLDERS) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    for (const line of handCompared(readFileSync(`${folder}/${name}`, 'utf8'))) {
      console.error(`${folder}/${name}:${line} compares by hand what a span says: describe the span to assertSpan.`)
      process.exitCode = 1
    }
  }
}
