import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seeFromOutside, UNSEEN } from '../src/outside.ts'

const looks = vi.hoisted(() => ({ count: 0 }))
vi.mock('node:util', async (importOriginal) => {
  const util = await importOriginal<typeof import('node:util')>()
  return {
    ...util,
    inspect: (...args: Parameters<typeof util.inspect>) => {
      looks.count += 1
      return util.inspect(...args)
    },
  }
})

beforeEach(() => {
  looks.count = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.clearAllTimers()
  vi.useRealTimers()
})

/** A promise of the application's, and what settles it. */
function work(): { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: () => void } {
  let settle!: Omit<ReturnType<typeof work>, 'promise'>
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject: () => reject(new Error('no stock')) }
  })
  promise.catch(() => {})
  return { promise, ...settle }
}

/** Sees a promise, and says what is known of it by now. */
function see(promise: Promise<unknown>, wait: number): { readonly lookSoon: () => void; readonly told: () => string } {
  const { settled, lookSoon } = seeFromOutside(promise, wait, false)
  let told = 'pending'
  settled.then(
    () => (told = 'fulfilled'),
    (reason: unknown) => (told = `rejected with ${String(reason)}`),
  )
  return { lookSoon, told: () => told }
}

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

test.each([
  ['resolve', 'fulfilled'],
  ['reject', 'rejected with undefined'],
] as const)(
  'a promise is seen in the next turn, and when it is settled later at most an eighth late',
  async (how, told) => {
    const [early, late] = [work(), work()]
    early[how]()
    const seen = [see(early.promise, 1), see(late.promise, 1)]
    expect(looks.count).toBe(0)
    await turn()
    expect(seen.map((one) => one.told())).toEqual([told, 'pending'])
    await turn(80)
    late[how]()
    await turn(11)
    expect(seen[1]!.told()).toBe(told)
  },
)

test('a promise that waits long is looked at where that is asked for, and often from then on', async () => {
  const { promise, resolve } = work()
  const seen = see(promise, 1_000)
  await turn(500)
  expect(looks.count).toBe(1)
  seen.lookSoon()
  seen.lookSoon()
  await turn()
  expect(looks.count).toBe(2)
  resolve()
  await turn(1)
  expect(seen.told()).toBe('fulfilled')
  const { count } = looks
  seen.lookSoon()
  await turn(5_000)
  expect(looks.count).toBe(count)
})

/** How often so many promises are looked at in ten seconds. */
async function looksIn(many: number): Promise<number> {
  looks.count = 0
  const all = Array.from({ length: many }, work)
  const seen = all.map(({ promise }) => see(promise, 1_000))
  await turn(10_000)
  const { count } = looks
  for (const { resolve } of all) resolve()
  await turn(2_500)
  expect(seen.every(({ told }) => told() === 'fulfilled')).toBe(true)
  return count
}

test('2,000 promises take no more looks each than one alone, and all are seen', async () => {
  const alone = await looksIn(1)
  expect(await looksIn(2_000)).toBeLessThanOrEqual(2_000 * alone)
})

test('one turn has at most 200 looks, and those that have been looked at wait between two turns', () => {
  const turns: (readonly [work: () => void, ms: number])[] = []
  vi.stubGlobal('setImmediate', (run: () => void) => turns.push([run, 0]))
  vi.stubGlobal('setTimeout', (run: () => void, ms: number) => {
    turns.push([run, ms])
    const timer = { unref: () => timer }
    return timer
  })
  for (let count = 0; count < 1_000; count += 1) see(work().promise, 1)
  const inTurns: (readonly [ms: number, looks: number])[] = []
  while (looks.count < 3_000) {
    const [run, ms] = turns.shift()!
    vi.advanceTimersByTime(ms)
    const before = looks.count
    run()
    inTurns.push([ms, looks.count - before])
  }
  expect(inTurns.every(([, count]) => count <= 200)).toBe(true)
  expect(inTurns.slice(-2)).toEqual([
    [10, 200],
    [10, 200],
  ])
})

/** Settles in a way that only its maker knows. A promise that is derived from it cannot be made. */
class Deferred extends Promise<string> {
  resolve: (value: string) => void
  constructor() {
    let own!: (value: string) => void
    super((resolve) => {
      own = resolve
    })
    this.resolve = own
  }
  static done(): Deferred {
    const made = new Deferred()
    made.resolve('done')
    return made
  }
}

test.each([
  ['of a promise is given where that is asked for', () => Promise.resolve('done'), true, 'done'],
  ['of a promise is left alone where nobody asks for it', () => Promise.resolve('done'), false, UNSEEN],
  ['of a promise whose class takes no executor is not looked at', () => Deferred.done(), true, UNSEEN],
])('the value %s', async (_, make, asked, value) => {
  const { settled } = seeFromOutside(make(), 1, asked)
  await turn()
  expect(await settled).toBe(value)
})
