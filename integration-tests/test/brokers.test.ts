import { connect } from 'node:net'
import { expect, inject, test, vi } from 'vitest'
import { sharedNames } from '../src/broker-names.ts'
import { type Broker, postgres, redis } from '../src/brokers.ts'

// One conversation per broker, in its own protocol: an open port alone may be Docker's proxy with nobody behind it.
const greetings: Readonly<Record<Broker['name'], { say: string | Buffer; hear: RegExp }>> = {
  // Kafka's ApiVersions request in version 0: correlation id `ping`, no client id. The answer starts with that id.
  kafka: { say: Buffer.from('0000000a0012000070696e67ffff', 'hex'), hear: /^[^]{4}ping/ },
  // Whether it speaks TLS: no, or yes.
  postgres: { say: Buffer.from('0000000804d2162f', 'hex'), hear: /^[NS]/ },
  rabbitmq: { say: 'AMQP\0\0\u0009\u0001', hear: /RabbitMQ/ },
  redis: { say: 'PING\r\n', hear: /^\+PONG/ },
  sqs: {
    say: 'GET /?Action=ListQueues HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    hear: /^HTTP\/1\.\d 200/,
  },
}

test('the brokers that all suites share answer in their own protocols', async () => {
  const addresses = inject('brokers')
  const answers = await Promise.all(sharedNames.map((name) => answer({ name, address: addresses[name] })))

  expect(answers).toEqual(sharedNames.map((name) => expect.stringMatching(greetings[name].hear)))
})

test('a broker that only one suite needs answers in its own protocol, too', async () => {
  await using broker = await postgres()
  expect(await answer(broker)).toMatch(greetings.postgres.hear)
})

// The contract of adapters restarts the others.
test('a broker answers again on the same port after a restart', async () => {
  await using broker = await redis()
  if (!broker.restartable) return

  await broker.restart()
  expect(await answer(broker)).toMatch(greetings.redis.hear)
})

test('a broker given by address is used as it is, and is not ours to restart', async () => {
  vi.stubEnv('TRACEBATON_REDIS', 'redis://somewhere:6379')
  await using broker = await redis()
  vi.unstubAllEnvs()

  expect(broker.address).toBe('redis://somewhere:6379')
  await expect(broker.restart()).rejects.toThrow('not ours to restart')
})

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
