import type { OnError } from '@tracebaton/core'
import { expect, vi } from 'vitest'

/** A wrapper of an adapter. */
export type Wrap = (given: never, options: never) => unknown

/** Expects that a wrapper gives back what it does not take, and says so once. */
export function expectGivenBack(wrap: Wrap, given: unknown, advice: string): void {
  const onError = vi.fn<OnError>()
  expect(wrap(given as never, { onError } as never)).toBe(given)
  expect(onError).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: expect.stringContaining(advice) }),
    { stage: 'options' },
  )
}

/** Expects that a helper rejects what it does not take, and says what it takes. */
export async function expectRefusal(call: () => unknown, takes: string): Promise<void> {
  await expect(call()).rejects.toMatchObject({
    code: 'ERR_TRACEBATON_ARGUMENT',
    message: expect.stringContaining(takes),
  })
}
