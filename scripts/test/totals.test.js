import { expect, test } from 'vitest'
import { totalsOf } from './totals.js'

test('what sweeps have tried is added up, by its kind', () => {
  const metas = [
    {},
    { seams: { combinations: 50, changed: 0 } },
    { seams: { combinations: 7, changed: 1 }, carriers: { combinations: 3, changed: 0 } },
  ]
  expect(totalsOf(metas)).toEqual([
    'seams × operations: 57 combinations in 2 sweeps, 1 changed results',
    'hostile carriers × operations: 3 combinations in 1 sweeps, 0 changed results',
  ])
  expect(totalsOf([{}])).toEqual([])
})
