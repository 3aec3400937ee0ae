// Runs in a package's folder: what a rename or a deletion left in dist must not be published.
import { rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
