// Plays the contract suite with the oldest and with the newest version of each client that the adapters take:
//
//   node integration-tests/versions.js            # all of them; further words go to vitest: -t amqplib
//
// The oldest ones are installed with everything else. The newest ones are those of today, and not of the lockfile.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** The clients, each with the range that its adapter takes. */
const clients = ['kafka', 'amqp', 'sqs', 'bullmq'].flatMap((name) => {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  return Object.entries(peerDependencies).filter(([peer]) => !peer.startsWith('@opentelemetry/'))
})

/** BullMQ 6 leaves it to applications to install its Redis client, and runs in circles without one. */
const { dependencies: own } = JSON.parse(readFileSync(join(root, 'integration-tests/package.json'), 'utf8'))
const besides = { ioredis: own.ioredis }

const folder = mkdtempSync(join(tmpdir(), 'tracebaton-versions-'))
try {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { ...Object.fromEntries(clients), ...besides } }),
  )
  console.log(`Installing the newest of ${clients.map(([name]) => name).join(', ')} …`)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
  const suite = 'integration-tests/test/client-versions.test.ts'
  const parameters = ['run', '--project', 'integration', suite, ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...parameters], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TRACEBATON_VERSIONS: folder },
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
