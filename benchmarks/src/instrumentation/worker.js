// One process of the measurement of costs: all paths in one mode. Gives the figures to the process that started it.
import { measure, USUAL } from '../measure.js'
import { setUp } from '../modes.js'

process.on('disconnect', () => process.exit(1))
const [, , mode, rounds] = process.argv
const collect = setUp(mode)
const { PATHS } = await import('./paths.js')

const results = {}
for (const [name, { path, ...ways }] of Object.entries(PATHS)) {
  const calls = {}
  for (const [way, create] of Object.entries(ways)) calls[way] = await create()
  results[name] = await measure(calls, path, { ...USUAL, rounds: Number(rounds) }, collect)
}
process.send(results, () => process.exit())
