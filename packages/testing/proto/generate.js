// Writes src/otlp/generated.ts anew from otlp.proto: node packages/testing/proto/generate.js
// The tools come from the registry for this one run. Comments of the generated code repeat its types, and are left out.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TOOLS = ['@bufbuild/buf@1', '@bufbuild/protoc-gen-es@2', '@bufbuild/protobuf@2'].flatMap((name) => ['-p', name])
const target = join(import.meta.dirname, '../src/otlp/generated.ts')
const folder = mkdtempSync(join(tmpdir(), 'tracebaton-proto-'))
try {
  const template = JSON.stringify({
    version: 'v2',
    plugins: [{ local: 'protoc-gen-es', out: folder, opt: 'target=ts,import_extension=none' }],
  })
  const command = ['--yes', ...TOOLS, 'buf', 'generate', import.meta.dirname, '--template', template]
  execFileSync('npx', command, { stdio: 'inherit' })
  const [, ...parts] = readFileSync(join(folder, 'otlp_pb.ts'), 'utf8').split(/^(?=\/\/ @generated)/m)
  writeFileSync(target, parts.join('').replaceAll(/^ *\/\*\*\n(?: *\*.*\n)* *\*\/\n/gm, ''))
} finally {
  rmSync(folder, { recursive: true })
}
execFileSync('npx', ['oxfmt', target], { stdio: 'inherit' })
