import { expect, test } from 'vitest'
import { withoutCredentials } from '../../../core/src/base/bounds.ts'
import { findingsIn } from '../../src/rules/findings-in.ts'
import { secretPatterns } from '../../src/rules/secrets.ts'
import { spanOf } from '../span-of.ts'

function secretsIn(value: string): string[] {
  return findingsIn([spanOf({ name: 'charge', spanId: 'a', attributes: { note: value } })])
    .filter(({ rule }) => rule === 'no-secrets')
    .map(({ problem }) => problem)
}

const token = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`

test.each([
  ['a password in an address', 'connect ECONNREFUSED amqp://guest:hunter2@broker:5672'],
  ['a password in an address', 'redis://:hunter2@cache'],
  ['a password in an address', 'amqp://guest:hun/ter@2@broker'],
  ['a secret parameter of an address', 'https://sqs.example/orders?X-Amz-Signature=0123&x=1'],
  ['a secret parameter of an address', 'mongodb://db/?ssl=1&access_token=hunter2'],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE'],
  ['a JSON web token', `token=${token};`],
  ['an AWS access key', 'AKIAIOSFODNN7EXAMPLE'],
  ['a bearer token', 'Authorization: Bearer 0123456789abcdef'],
])('%s is found in: %s', (what, text) => {
  expect(secretsIn(text)).toEqual([`charge shows ${what} in the attribute note.`])
})

test.each([
  'http://registry:443/@scope/kit',
  'https://shop/?tokens=3&monkey=1',
  'https://shop@broker',
  'amqp://shop:***@broker',
  'a bearer of news',
  'eyJhbGciOiJIUzI1NiJ9',
  'a:b@c',
])('nothing is found in: %s', (text) => {
  expect(secretsIn(text)).toEqual([])
})

test.each([
  'connect ECONNREFUSED amqp://guest:hunter2@broker:5672',
  'amqp://guest:hun/ter@2@broker and redis://:x@cache',
  'https://sqs.example/orders?X-Amz-Signature=0123&api_key=x&pwd=y',
])('core takes out of errors what is found in addresses: %s', (text) => {
  expect(secretsIn(text)).toHaveLength(1)
  expect(secretsIn(withoutCredentials(text))).toEqual([])
})

test.each(secretPatterns)(
  'at each place of a text, the search for %s takes a bounded number of steps',
  (_, pattern) => {
    // A step is one character that the pattern takes. Classes and escapes are one each, and groups none.
    const shape = pattern.source.replaceAll(/\[(?:\\.|[^\]\\])*\]|\\./g, 'c').replaceAll(/\(\?[:=!]/g, '(')
    expect(shape).not.toMatch(/[*+]|\{\d+,\}/)
    // A repetition of a repetition would multiply the steps.
    expect(shape).not.toMatch(/\)\{/)
    const bounds = [...shape.matchAll(/\{(?:\d+,)?(\d+)\}/g)].map(([, most]) => Number(most))
    expect(bounds.reduce((sum, most) => sum + most, shape.length)).toBeLessThan(1500)
  },
)

test.each(['a.', 'a-', '-eyJaaaaaaaaa', 'bearer ', 'a://:', '-----BEGIN '])(
  'a secret is found between texts of 100 KB that look like the beginning of one: %s',
  (almost) => {
    const long = almost.repeat(100_000 / almost.length)
    expect(secretsIn(`${long} https://shop:hunter2@broker ${long}`)).toHaveLength(1)
    expect(secretsIn(long)).toEqual([])
  },
)
