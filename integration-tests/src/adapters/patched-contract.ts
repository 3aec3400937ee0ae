import { expect, test } from 'vitest'
import { contract } from '../contract.ts'
import { missing, type Capabilities } from '../contract/capability.ts'
import type { Setup } from '../contract/fixture.ts'
import { openGoldenFile } from '../contract/golden-file.ts'

/**
 * Registers the suite once more for clients that a patched module makes: they do what those do that are wrapped by hand.
 *
 * @param name the set-up by hand
 * @param given whether the broker was given by its address, and is not ours to restart
 */
export function patchedContract(name: string, setup: Setup, capabilities: Capabilities, given: boolean): void {
  const restart = given && { restart: missing('the broker was given by its address') }
  const played = contract(`${name}, patched`, setup, { ...capabilities, ...restart }, { golden: name })

  // By hand, every scenario has written an entry.
  test.skipIf(given || process.env['TRACEBATON_GOLDEN'])('every scenario by hand is played', async () => {
    const { names } = await openGoldenFile(name, new Set(played), true)
    expect(played.toSorted()).toEqual(names.toSorted())
  })
}
