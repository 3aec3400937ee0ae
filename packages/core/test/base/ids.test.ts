import { describe, expect, test } from 'vitest'
import { withoutIds } from '../../src/base/ids.ts'

describe('a name that producers make of words', () => {
  test.each([
    ['order.1042.paid', 'order.*.paid'],
    ['order.3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'order.*'],
    ['5eb63bbbe01eeed093cb22bb8f5acdc3', '*'],
    ['tenant.V1StGXR8_Z5jdHi6B-myT.created', 'tenant.*.created'],
    ['1042.2041', '*.*'],
  ])('has a template without its ids: %s', (name, template) => {
    expect(withoutIds(name, '.')).toBe(template)
    expect(withoutIds(name.replaceAll('.', '-x-'), '-x-')).toBe(template.replaceAll('.', '-x-'))
  })

  test.each(['', 'order', 'order.v1.created', 'eu-west-1.order', 'a.very-long-word-without-any-digit-in-it', 'a.42.b'])(
    'needs none where there is no id: %s',
    (name) => {
      expect(withoutIds(name, '.')).toBeUndefined()
    },
  )

  test('is read up to a length that no broker exceeds by much', () => {
    expect(withoutIds(`1042.${'x.'.repeat(1_000_000)}`, '.')).toHaveLength(253)
    expect(withoutIds(`${'x.'.repeat(1_000_000)}1042`, '.')).toBeUndefined()
  })
})
