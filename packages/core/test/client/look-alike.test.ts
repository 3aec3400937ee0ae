// oxlint-disable typescript/unbound-method -- whose methods they are is the subject
import { describe, expect, test, vi } from 'vitest'
import { lookAlike } from '../../src/client/look-alike.ts'

interface Message {
  readonly value: string
  readonly headers?: Readonly<Record<string, string>>
}

class Order implements Message {
  declare readonly headers?: Readonly<Record<string, string>>
  readonly value = 'order'
  describe(): string {
    return `a ${this.value}`
  }
}

const HEADERS = { traceparent: 'ours' }

describe('a look-alike with a member that the object lacks', () => {
  test('has it among its own, and gives it to a copy', () => {
    const order: Message = new Order()
    const wrapped = lookAlike(order, { headers: HEADERS })
    expect({ ...wrapped }).toEqual({ value: 'order', headers: HEADERS })
    expect(Object.keys(wrapped)).toEqual(['value', 'headers'])
    expect(Object.entries(wrapped)).toContainEqual(['headers', HEADERS])
    expect(Object.assign({}, wrapped)).toHaveProperty('headers', HEADERS)
    expect('headers' in wrapped).toBe(true)
    expect(Object.hasOwn(wrapped, 'headers')).toBe(true)
    expect(Object.keys(order)).toEqual(['value'])
  })

  test('has a replaced one once, and what the object gets later', () => {
    const order: Message & { more?: string } = { value: 'order', headers: {} }
    const wrapped = lookAlike(order, { headers: HEADERS })
    order.more = 'later'
    expect({ ...wrapped }).toEqual({ value: 'order', headers: HEADERS, more: 'later' })
    expect(Object.keys(wrapped)).toEqual(['value', 'headers', 'more'])
  })

  test('does not take a method of its class for its own', () => {
    const wrapped = lookAlike(new Order(), { describe: () => 'ours' })
    expect(wrapped.describe()).toBe('ours')
    expect(Object.keys(wrapped)).toEqual(['value'])
    expect('describe' in wrapped).toBe(true)
    expect(Object.hasOwn(wrapped, 'describe')).toBe(false)
  })

  test('of a frozen object has it as well', () => {
    const wrapped = lookAlike<Message>(Object.freeze(new Order()), { headers: HEADERS })
    expect({ ...wrapped }).toEqual({ value: 'order', headers: HEADERS })
    expect(Object.getOwnPropertyDescriptor(wrapped, 'headers')).toMatchObject({ value: HEADERS, enumerable: true })
  })
})

const ours = () => 'ours'
const theirs = () => 'a spy'

function create() {
  const target = { send: () => 'theirs' }
  return { target, wrapped: lookAlike(target, { send: ours }) }
}

describe('what somebody put in place of a member of ours', () => {
  test('gives way to ours when it is deleted, and the object keeps its own', () => {
    const { target, wrapped } = create()
    wrapped.send = () => 'a spy'
    expect(wrapped.send()).toBe('a spy')
    expect(Reflect.deleteProperty(wrapped, 'send')).toBe(true)
    expect(wrapped.send).toBe(ours)
    expect(target.send()).toBe('theirs')
  })

  test('is there until a spy is restored', () => {
    const { wrapped } = create()
    const spy = vi.spyOn(wrapped, 'send').mockReturnValue('a spy')
    expect(wrapped.send()).toBe('a spy')
    spy.mockRestore()
    expect(wrapped.send).toBe(ours)
  })

  test('is deleted from the object where it is none of ours', () => {
    const target: { more?: string; send(): string } = { ...create().target, more: 'theirs' }
    const wrapped = lookAlike(target, { send: () => 'ours' })
    delete wrapped.more
    expect(target).not.toHaveProperty('more')
    expect(Object.keys(wrapped)).toEqual(['send'])
  })
})

describe('an object that inherits from a look-alike', () => {
  test('keeps to itself what is put in place of a member', () => {
    const target = { send: () => 'theirs', sent: 0 }
    const wrapped = lookAlike(target, { send: ours })
    const derived = Object.create(wrapped) as typeof target & { more?: string }
    derived.send = () => `derived from ${wrapped.send()}`
    derived.sent = 1
    derived.more = 'derived'
    expect(derived.send()).toBe('derived from ours')
    expect(wrapped.send).toBe(ours)
    expect(Object.keys(derived)).toEqual(['send', 'sent', 'more'])
    expect(target).toEqual({ send: expect.any(Function) as unknown, sent: 0 })
  })

  test('may be a proxy, by which members are replaced', () => {
    const { target, wrapped } = create()
    const proxy = new Proxy(wrapped, {})
    proxy.send = () => 'a spy'
    expect(wrapped.send()).toBe('a spy')
    expect(target.send()).toBe('theirs')
  })
})

describe('a look-alike', () => {
  test('takes members that cannot be configured, as the object would', () => {
    const { target, wrapped } = create()
    Object.defineProperty(wrapped, 'send', { value: theirs, configurable: false })
    Object.defineProperty(wrapped, 'more', { get: () => 'more', configurable: false })
    expect(wrapped.send).toBe(theirs)
    expect(wrapped).toHaveProperty('more', 'more')
    expect(Reflect.ownKeys(wrapped)).toEqual(['send', 'more'])
    expect(Object.getOwnPropertyDescriptor(wrapped, 'send')).toMatchObject({ writable: false, configurable: false })
    expect(() => Object.assign(wrapped, { send: ours })).toThrow(TypeError)
    expect(wrapped.send).toBe(theirs)
    expect(target.send()).toBe('theirs')
  })

  test.each([
    ['sealed', Object.seal, Object.isSealed],
    ['frozen', Object.freeze, Object.isFrozen],
  ])('can be %s, and the object stays as it is', (_, fix, isFixed) => {
    const target: Order & { more?: string } = new Order()
    const wrapped = lookAlike<Message & { more?: string }>(target, { headers: HEADERS })
    expect(fix(wrapped)).toBe(wrapped)
    expect(isFixed(wrapped)).toBe(true)
    target.more = 'later'
    expect({ ...wrapped }).toEqual({ value: 'order', headers: HEADERS })
    expect(() => Object.defineProperty(wrapped, 'other', { value: 1 })).toThrow(TypeError)
    expect(Object.isExtensible(target)).toBe(true)
    expect(Object.getOwnPropertyDescriptors(target)).toMatchObject({ value: { writable: true, configurable: true } })
    expect(Object.keys(target)).toEqual(['value', 'more'])
  })
})
