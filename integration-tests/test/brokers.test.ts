import { connect } from 'node:net'
import { expect, inject, test, vi } from 'vitest'
import { brokerNames, givenAddress } from '../src/broker-names.ts'
import { type Broker, type Brokers, redis, startBrokers } from '../src/brokers.ts'
import { dockerAnswers } from '../src/docker.ts'

// Brokers given by address need no Docker, and without it the others cannot be tried.
const docker = await dockerAnswers()
const startable = brokerNames.filter((name) => docker || givenAddress(name) !== undefined)

// One conversation per broker, in its own protocol: an open port alone may be Docker's proxy with nobody behind it.
const greetings: Readonly<Record<Broker['name'], { say: string | Buffer; hear: RegExp }>> = {
  // Kafka's ApiVersions request in version 0: correlation id `ping`, no client id. The answer starts with that id.
  kafka: { say: Buffer.from('0000000a0012000070696e67ffff', 'hex'), hear: /^[^]{4}ping/ },
  rabbitmq: { say: 'AMQP\0\0\u0009\u0001', hear: /RabbitMQ/ },
  redis: { say: 'PING\r\n', hear: /^\+PONG/ },
  sqs: {
    say: 'GET /?Action=ListQueues HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    hear: /^HTTP\/1\.\d 200/,
  },
}

test('every broker starts, answers in its own protocol, and does so again on the same port after a restart', async () => {
  await using brokers = await startBrokers(startable)

  expect(await silent(brokers)).toEqual([])
  await Promise.all(ownBrokers(brokers).map((broker) => broker.restart()))
  expect(await silent(brokers)).toEqual([])
}, 180_000)

test('the brokers that all suites share answer at the addresses provided', async () => {
  const addresses = inject('brokers')

  for (const name of brokerNames) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await answer({ name, address: addresses[name] })).toMatch(greetings[name].hear)
  }
})

test('a broker given by address is used as it is, and is not ours to restart', async () => {
  vi.stubEnv('TRACEBATON_REDIS', 'redis://somewhere:6379')
  await using broker = await redis()
  vi.unstubAllEnvs()

  expect(broker.address).toBe('redis://somewhere:6379')
  await expect(broker.restart()).rejects.toThrow('not ours to restart')
})

// The brokers that do not answer as they should, each with what came instead.
async function silent(brokers: Brokers<Broker['name']>): Promise<readonly string[]> {
  const answers = await Promise.all(
    startable.map(async (name) => ({ name, heard: await answer(brokers[name]).catch(String) })),
  )
  return answers
    .filter(({ name, heard }) => !greetings[name].hear.test(heard))
    .map(({ name, heard }) => `${name}: ${heard}`)
}

function ownBrokers(brokers: Brokers<Broker['name']>): readonly Broker[] {
  return startable.map((name) => brokers[name]).filter((broker) => broker.restartable)
}

// What the broker sends back to a greeting; rejects when it closes the connection or stays silent for 5 s.
function answer(broker: Pick<Broker, 'name' | 'address'>): Promise<string> {
  const url = new URL(broker.address.includes('//') ? broker.address : `kafka://${broker.address}`)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname)
    socket.setTimeout(5000, () => {
      socket.destroy(new Error(`${broker.name} at ${broker.address} does not answer`))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      reject(new Error(`${broker.name} at ${broker.address} closed the connection without an answer`))
    })
    socket.once('data', (data) => {
      resolve(data.toString('latin1'))
      socket.destroy()
    })
    socket.write(greetings[broker.name].say)
  })
}
