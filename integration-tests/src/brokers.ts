import { type BrokerName, givenAddress } from './broker-names.ts'
import type { Images } from './images.ts'
import { recipes } from './recipes.ts'
import { allOrNone, prepareServers, startServer } from './servers.ts'

export type { BrokerName } from './broker-names.ts'

/** A real broker, running. Disposing it removes its container; one given by address is left alone. */
export interface Broker extends AsyncDisposable {
  readonly name: BrokerName
  /** What a client is configured with: `host:port` for Kafka, else a URL. It stays the same through restarts. */
  readonly address: string
  /** Whether the broker is ours to restart: false when its address was given in the environment. */
  readonly restartable: boolean
  /** Stops the broker, starts it again on the same port and resolves when it takes clients. Rejects when not restartable. */
  restart(): Promise<void>
}

/** Several brokers by name, disposed together. */
export type Brokers<Name extends BrokerName> = Readonly<Record<Name, Broker>> & AsyncDisposable

/** Starts a Kafka broker of its own for the caller, unless TRACEBATON_KAFKA names a running one. Rejects when it cannot. */
export function kafka(): Promise<Broker> {
  return startBroker('kafka')
}

/** Starts a RabbitMQ broker of its own for the caller, unless TRACEBATON_AMQP names a running one. Rejects when it cannot. */
export function rabbitmq(): Promise<Broker> {
  return startBroker('rabbitmq')
}

/** Starts a Redis server of its own for the caller, unless TRACEBATON_REDIS names a running one. Rejects when it cannot. */
export function redis(): Promise<Broker> {
  return startBroker('redis')
}

/** Starts a PostgreSQL server of its own for the caller, unless TRACEBATON_POSTGRES names a running one. Rejects when it cannot. */
export function postgres(): Promise<Broker> {
  return startBroker('postgres')
}

/** Starts an SQS server of its own for the caller, unless TRACEBATON_SQS names a running one. Rejects when it cannot. */
export function sqs(): Promise<Broker> {
  return startBroker('sqs')
}

/** Starts several brokers side by side. When one of them cannot be started, the others are removed again and this rejects. */
export async function startBrokers<Name extends BrokerName>(which: readonly Name[]): Promise<Brokers<Name>> {
  await prepareBrokers(which)
  const remove = (broker: Broker): PromiseLike<void> => broker[Symbol.asyncDispose]()
  const running = await allOrNone(which.map(startBroker), remove)
  const dispose = async (): Promise<void> => {
    await Promise.all(running.map(remove))
  }
  const byName = Object.fromEntries(running.map((broker) => [broker.name, broker]))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry per name: every start succeeded
  return { ...(byName as Record<Name, Broker>), [Symbol.asyncDispose]: dispose }
}

const prepared = new Map<BrokerName, Promise<Images>>()

/** Makes sure of Docker and of an image for each broker without an address, once per process. Rejects when there is none to be had. */
export async function prepareBrokers(which: readonly BrokerName[]): Promise<void> {
  const needed = which.filter((name) => givenAddress(name) === undefined)
  await Promise.all(needed.map((name) => preparation(name, needed)))
}

// One preparation for all that are asked for together; a broker that has had its own does not get another.
function preparation(name: BrokerName, together: readonly BrokerName[]): Promise<Images> {
  const known = prepared.get(name)
  if (known !== undefined) {
    return known
  }
  const unprepared = together.filter((other) => !prepared.has(other))
  const images = prepareServers(unprepared)
  for (const other of unprepared) {
    prepared.set(other, images)
  }
  return images
}

async function startBroker(name: BrokerName): Promise<Broker> {
  const address = givenAddress(name)
  if (address !== undefined) {
    return givenBroker(name, address)
  }
  const running = await startServer(name, await preparation(name, [name]), recipes[name])
  return {
    name,
    address: running.address,
    restartable: true,
    restart: () => running.restart(),
    [Symbol.asyncDispose]: async () => {
      await running.remove()
    },
  }
}

function givenBroker(name: BrokerName, address: string): Broker {
  return {
    name,
    address,
    restartable: false,
    restart: () => Promise.reject(new Error(`${name} at ${address} was given by address: it is not ours to restart.`)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
