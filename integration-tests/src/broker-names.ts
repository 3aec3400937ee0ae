/** The brokers that the suites share. */
export const sharedNames = ['kafka', 'rabbitmq', 'redis', 'sqs'] as const

/** Every broker there is a recipe for. Postgres is BullMQ's other store; the test that needs it starts it. */
export const brokerNames = ['kafka', 'postgres', 'rabbitmq', 'redis', 'sqs'] as const

/** One of the brokers. */
export type BrokerName = (typeof brokerNames)[number]

// Named after what is at the address, as their users would name it.
const variables: Readonly<Record<BrokerName, string>> = {
  kafka: 'TRACEBATON_KAFKA',
  postgres: 'TRACEBATON_POSTGRES',
  rabbitmq: 'TRACEBATON_AMQP',
  redis: 'TRACEBATON_REDIS',
  sqs: 'TRACEBATON_SQS',
}

/** The address of a running broker given in the environment, if there is one. */
export function givenAddress(name: BrokerName): string | undefined {
  return process.env[variables[name]] || undefined
}

/** The image name given in the environment, if there is one. */
export function givenImage(name: BrokerName): string | undefined {
  return process.env[`${variables[name]}_IMAGE`] || undefined
}
