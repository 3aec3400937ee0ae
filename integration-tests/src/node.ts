import { execFileSync } from 'node:child_process'

/** What runs programs of tests: the Node that the environment names, as another version of it, or else our own. */
export const NODE: string = process.env['TRACEBATON_NODE'] ?? process.execPath

/** The line of it: 20, 22, 24. */
export const NODE_MAJOR: number = Number.parseInt(
  NODE === process.execPath
    ? process.versions.node
    : execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }),
  10,
)
