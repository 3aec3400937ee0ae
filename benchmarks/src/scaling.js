/** What may grow, and how far: paths of one adapter, each at several sizes. Sampled. */
export const SCALING = {
  'kafka.send': { title: 'messages of one send', adapter: 'kafka', sizes: [1, 10, 11, 100, 1_000, 10_000] },
  'kafka.eachBatch': {
    title: 'messages of one batch, each handled',
    adapter: 'kafka',
    sizes: [1, 10, 100, 1_000, 10_000],
  },
  'kafka.links': { title: 'links of one batch span', adapter: 'kafka', sizes: [1, 8, 32, 128] },
  'kafka.send headers': { title: 'own headers of a message sent', adapter: 'kafka', sizes: [0, 5, 20, 50] },
  'kafka.eachMessage headers': { title: 'own headers of a message handled', adapter: 'kafka', sizes: [0, 5, 20, 50] },
  'amqp.publish headers': { title: 'own headers of a message published', adapter: 'amqp', sizes: [0, 5, 20, 50] },
  'amqp.consume headers': { title: 'own headers of a message consumed', adapter: 'amqp', sizes: [0, 5, 20, 50] },
}
