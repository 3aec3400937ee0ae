import type { Broker } from '../brokers.ts'
import type { Fixture } from '../contract/fixture.ts'

/** A fixture on a broker of its own, which ends with it. */
export async function ownFixture(
  start: () => Promise<Broker>,
  create: (address: string, restart: () => Promise<void>) => Promise<Fixture>,
): Promise<Fixture> {
  const broker = await start()
  const fixture = await create(broker.address, () => broker.restart())
  return {
    ...fixture,
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}
