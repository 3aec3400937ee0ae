// How fast `tracebaton check` is, and how much memory it takes, beside `wc -l` on the same file.
//   node packages/testing/bench/check.js [megabytes = 1000] [orders in flight = 200]
// More orders in flight mix the stories of the file; above some thousand they do not fit into one pass any more.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from './generate.js'

const [megabytes = '1000', inFlight = '200'] = process.argv.slice(2)
const command = fileURLToPath(new URL('../dist/esm/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tracebaton-bench-'))
const file = join(folder, 'traces.jsonl')
try {
  const { spans, bytes } = generate(file, Number(megabytes), Number(inFlight))
  console.log(`${(bytes / 1e6).toFixed(0)} MB, ${spans} spans, ${inFlight} orders in flight`)
  // The first run of each brings the file into the page cache.
  for (let run = 1; run <= 2; run += 1) {
    const lines = measure('wc', ['-l', file], bytes)
    const check = measure(process.execPath, [command, 'check', file], bytes)
    if (run === 1) continue
    console.log(`wc -l             ${lines.speed} MB/s`)
    console.log(`tracebaton check  ${check.speed} MB/s`)
    console.log(check.output.trimEnd().split('\n').at(-1))
  }
} finally {
  rmSync(folder, { recursive: true })
}

function measure(program, parameters, bytes) {
  const start = performance.now()
  const output = execFileSync(program, parameters, { encoding: 'utf8' })
  return { output, speed: Math.round(bytes / 1000 / (performance.now() - start)) }
}
