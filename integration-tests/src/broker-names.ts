/** The brokers that the suites share. */
export const sharedNames = ['kafka', 'rabbitmq', 'redis', 'sqs'] as const

/** Every broker there is a recipe for. Postgres is BullMQ's other store; the test that needs it starts it. */
export const brokerNames = ['kafka', 'postgres', 'rabbitmq', 'redis', 'sqs'] as const

/** One of the brokers. */
export type BrokerName = (typeof brokerNames)[number]

/** What people look at spans and metrics with. Only `npm run test:backends` starts them. */
export const backendNames = ['collector', 'jaeger', 'prometheus', 'zipkin'] as const

/** One of the backends. */
export type BackendName = (typeof backendNames)[number]

/** Everything that runs in a container here. */
export type ServerName = BrokerName | BackendName

// Named after what is at the address, as their users would name it.
const variables: Readonly<Record<ServerName, string>> = {
  collector: 'TRACEBATON_COLLECTOR',
  jaeger: 'TRACEBATON_JAEGER',
  kafka: 'TRACEBATON_KAFKA',
  postgres: 'TRACEBATON_POSTGRES',
  prometheus: 'TRACEBATON_PROMETHEUS',
  rabbitmq: 'TRACEBATON_AMQP',
  redis: 'TRACEBATON_REDIS',
  sqs: 'TRACEBATON_SQS',
  zipkin: 'TRACEBATON_ZIPKIN',
}

/** The address of a running server given in the environment, if there is one. */
export function givenAddress(name: ServerName): string | undefined {
  return process.env[variables[name]] || undefined
}

/** The image name given in the environment, if there is one. */
export function givenImage(name: ServerName): string | undefined {
  return process.env[`${variables[name]}_IMAGE`] || undefined
}
