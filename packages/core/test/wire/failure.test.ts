import { describe, expect, test } from 'vitest'
import { createReport } from '../../src/base/report.ts'
import { boundedStack, boundedText } from '../../src/base/bounds.ts'
import { describeFailure, type FailurePolicy } from '../../src/wire/move-facts.ts'

const say = (error: unknown, policy: FailurePolicy = {}) =>
  describeFailure(error, policy, createReport(nothing, nothing, policy.redact))
const nothing = () => {}

describe('the text of a header', () => {
  test('is cut at 256 characters, and marked', () => {
    expect(boundedText('x'.repeat(256))).toBe('x'.repeat(256))
    expect(boundedText('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`)
    expect(boundedText('😀'.repeat(200))).toBe(`${'😀'.repeat(127)}…`)
  })

  test('is cut at 4096 characters where it is a stack', () => {
    expect(boundedStack('x'.repeat(4096))).toHaveLength(4096)
    const cut = boundedStack(`${'x'.repeat(4085)}${'😀'.repeat(20)}`)!
    expect(cut.length).toBeLessThanOrEqual(4096)
    expect(cut).toMatch(/x😀\n… \(cut\)$/)
  })

  test('holds no character that a broker would refuse', () => {
    expect(boundedText('a\u0000b\u0007c\td\ne\uFFFEf\uD800g')).toBe('a b c\td\ne f g')
  })

  test('is never empty', () => {
    expect(boundedText('')).toBeUndefined()
    expect(boundedText(' \u0000 ')).toBeUndefined()
  })
})

describe('a failure in words', () => {
  test('is its type and its message; the stack has to be asked for', () => {
    const error = new TypeError('no stock')
    expect(say(error)).toEqual({ errorType: 'TypeError', errorMessage: 'no stock' })
    expect(say(error, { errorStack: true }).errorStack).toContain('failure.test.ts')
    expect(say(error, { errorMessage: false })).toEqual({ errorType: 'TypeError' })
  })

  test.each([
    ['out of stock', { errorType: 'string', errorMessage: 'out of stock' }],
    [null, { errorType: '_OTHER' }],
    [7, { errorType: 'number' }],
    [new Error(''), { errorType: 'Error' }],
    [Object.assign(new Error('x'), { message: { not: 'text' } }), { errorType: 'Error' }],
  ])('may be anything that was thrown: %o', (error, expected) => {
    expect(say(error)).toEqual(expected)
  })

  test.each([
    ['connect amqp://user:pa:ss@host:5672 failed', 'connect amqp://***@host:5672 failed'],
    ['"redis://:s3cr@t/x@cache/0" and http://a:b@c', '"redis://***@cache/0" and http://***@c'],
    ['mail to jane@example.com from https://example.com/', 'mail to jane@example.com from https://example.com/'],
  ])('holds no credentials of a URL: %s', (message, expected) => {
    expect(say(new Error(message)).errorMessage).toBe(expected)
  })

  test('is redacted as the user says, in each of its parts', () => {
    const asked: unknown[] = []
    const error = new Error('card 4111')
    const redact: FailurePolicy['redact'] = (text, part, cause) => {
      asked.push([part, cause])
      return part === 'stack' ? undefined : text.replace(/\d/g, '#')
    }
    expect(say(error, { errorStack: true, redact })).toEqual({ errorType: 'Error', errorMessage: 'card ####' })
    expect(asked).toEqual([
      ['message', error],
      ['stack', error],
    ])
  })

  test('is redacted before it is cut', () => {
    const policy: FailurePolicy = { redact: (text) => text.replace('secret', '') }
    expect(say(new Error(`${'x'.repeat(252)}secret`), policy).errorMessage).toBe('x'.repeat(252))
  })
})
