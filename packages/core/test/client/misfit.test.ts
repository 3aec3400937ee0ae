import { describe, expect, test, vi } from 'vitest'
import { hasMethods, isFor, refusalOf, type Takes } from '../../src/client/misfit.ts'

const TAKES: Takes = {
  traceClient: {
    words: 'a client of streams',
    fits: hasMethods('producer', 'consumer'),
    notYet: ['other-streams', hasMethods('stream')],
  },
  traceProducer: { words: 'a producer of streams', fits: hasMethods('send') },
  traceHandler: { words: 'a function', fits: (given) => typeof given === 'function' },
}

class Producer {
  send(): void {}
}
const closed: object = new Proxy(
  {},
  {
    get() {
      throw new Error('closed')
    },
  },
)

describe('a function that wraps', () => {
  test.each([
    ['a promise of what it takes', Promise.resolve(), 'a promise, which is not traced: await it first'],
    ['what another one takes', new Producer(), 'an instance of Producer, which is not traced: use traceProducer'],
    ['another object', {}, 'an object, which is not traced: it takes a client of streams'],
    ['a class', Producer, 'a function, which is not traced: it takes a client of streams'],
    ['nothing', undefined, 'undefined, which is not traced: it takes a client of streams'],
    ['null', null, 'null, which is not traced: it takes a client of streams'],
    ['a text', 'localhost', "'localhost', which is not traced: it takes a client of streams"],
    ['a long text', 'x'.repeat(1e6), 'a text, which is not traced: it takes a client of streams'],
    ['an address', 'amqp://guest:secret@localhost', 'a text, which is not traced: it takes a client of streams'],
    ['a list', [new Producer()], 'an array, which is not traced: it takes a client of streams'],
    [
      'a client that is not traced yet',
      { stream: () => {} },
      'a client of other-streams, which is not traced yet: it takes a client of streams',
    ],
    ['what cannot be looked at', closed, 'an object, which is not traced: it takes a client of streams'],
  ])('says what to do if it is given %s', (_, given, text) => {
    const warn = vi.fn<(message: string) => void>()
    expect(isFor({ warn }, given, 'traceClient', TAKES)).toBe(false)
    expect(warn).toHaveBeenCalledExactlyOnceWith(`traceClient was given ${text}`)
  })

  test('says nothing if it is given what it takes', () => {
    const warn = vi.fn<(message: string) => void>()
    expect(isFor({ warn }, new Producer(), 'traceProducer', TAKES)).toBe(true)
    expect(isFor({ warn }, () => undefined, 'traceHandler', TAKES)).toBe(true)
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('a helper', () => {
  test('refuses the first argument that it cannot work with', async () => {
    await expect(
      refusalOf('dead_letter', [{}, true, 'a client first'], ['order', false, 'a message second'], [1, false, 'more']),
    ).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ERR_TRACEBATON_ARGUMENT',
      message: "deadLetter was given 'order' where it takes a message second",
    })
    expect(refusalOf('forEachMessage', [{}, true, 'a batch'])).toBeUndefined()
  })
})
