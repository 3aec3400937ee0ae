import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrokerName } from './broker-names.ts'
import { imagesFolder } from './images.ts'

/** Where clients on this machine reach a server. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** How one server is started, whichever image it comes from. */
export interface Recipe {
  /** Port inside the container. */
  readonly port: number
  /** Matches the log line that a broker ready for clients prints. */
  readonly ready: RegExp
  /**
   * Command that succeeds in the container of a broker ready for clients: for one that is so quick after a restart that
   * nobody has begun to read its log.
   * @default the log line is what is waited for
   */
  readonly check?: string
  /** What a client is configured with. */
  readonly address: (endpoint: Endpoint) => string
  /**
   * Variables of the container.
   * @default none
   */
  readonly environment?: (endpoint: Endpoint) => Record<string, string>
  /**
   * Replaces the command of the image.
   * @default the image's own
   */
  readonly command?: readonly string[]
  /**
   * Files put into the container before it starts.
   * @default none
   */
  readonly files?: (endpoint: Endpoint) => Promise<{ content: string; target: string }[]>
  /**
   * Folder of this machine that it writes to.
   * @default none
   */
  readonly folder?: { readonly source: string; readonly target: string }
  /**
   * A network where other containers reach it by a name.
   * @default none
   */
  readonly network?: { readonly name: string; readonly alias: string }
}

/** The recipes, by broker. */
export const recipes: Readonly<Record<BrokerName, Recipe>> = {
  kafka: {
    port: 9092,
    ready: /Kafka Server started/,
    address: ({ host, port }) => `${host}:${port}`,
    // As soon as one of these is set nothing else holds, so this is the whole set. BROKER is how the broker reaches
    // itself: without it, groups and transactions fail.
    environment: ({ host, port }) => ({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host}:${port},BROKER://localhost:9094`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      // Made when the first group or transaction asks for them, which otherwise waits for fifty partitions.
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    }),
  },
  postgres: {
    port: 5432,
    ready: /database system is ready to accept connections/,
    // The official image first starts a server that listens to itself alone.
    check: 'pg_isready --host=127.0.0.1',
    address: ({ host, port }) => `postgres://postgres@${host}:${port}/postgres`,
    environment: () => ({ POSTGRES_HOST_AUTH_METHOD: 'trust' }),
  },
  rabbitmq: {
    port: 5672,
    ready: /Server startup complete/,
    address: ({ host, port }) => `amqp://guest:guest@${host}:${port}`,
  },
  redis: {
    port: 6379,
    ready: /Ready to accept connections/,
    check: 'redis-cli ping | grep PONG',
    address: ({ host, port }) => `redis://${host}:${port}`,
    command: ['redis-server', '--protected-mode', 'no', '--save', ''],
  },
  sqs: {
    port: 9324,
    ready: /started in/,
    address: ({ host, port }) => `http://${host}:${port}`,
    // Queue URLs are made from node-address, and clients send to the queue's URL.
    files: async ({ host, port }) => [
      {
        content: `${await readFile(join(imagesFolder, 'sqs/elasticmq.conf'), 'utf8')}
node-address { protocol = http, host = "${host}", port = ${port}, context-path = "" }
`,
        target: '/opt/elasticmq.conf',
      },
    ],
  },
}
