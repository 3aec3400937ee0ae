import { test } from 'node:test'
import { assertConnected, assertJourney, assertPropagation, failing } from '@tracebaton/testing'
import { bill } from '../src/billing.js'
import { placeOrder } from '../src/shop.js'
import { story } from '../src/story.js'

void test('an order that cannot be charged at first is one story, from the shop to the bill', () =>
  story('order', async ({ shop, billing, orders, recorder, start }) => {
    const charge = failing(1, async () => {})
    const steps = ['send orders', 'process orders attempt 1 requeued', 'process orders attempt 2 acked']

    await placeOrder(shop, orders, 'order 1042')
    start((closing) => bill(billing, orders, charge, closing))
    await recorder.until((spans) => assertJourney(spans, steps))

    assertPropagation(recorder)
    assertConnected(recorder, { via: 'both' })
  }))
