import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { context, trace } from '@opentelemetry/api'
import { bullmqTelemetry, redrive, traceHandler, traceQueue } from '@tracebaton/bullmq'
import { describe, expect, it } from 'vitest'
import { BullMQInstrumentation, type BullMQConfig } from '../src/index.ts'
import type { HollowBullmq, HollowJob } from './clients.ts'
import { installer } from './installed.ts'
import { recorded, withContexts, type Sdk } from './sdk.ts'

withContexts()
const install = installer()

function load(config?: BullMQConfig): HollowBullmq & Sdk & { readonly folder: string } {
  const sdk = recorded(new BullMQInstrumentation(config))
  const { folder, require } = install()
  const { Queue, FlowProducer, Worker, ChildProcessor } = require('bullmq') as HollowBullmq
  return { ...sdk, folder, Queue, FlowProducer, Worker, ChildProcessor }
}

const processor = async () => 1

const contextOf = (job: HollowJob | undefined) => job?.opts.telemetry?.metadata

describe('a Queue of the patched module', () => {
  it('gives each job a context of its own, by whichever method it is added', async () => {
    const { Queue, names } = load()
    const queue = new Queue('orders')
    await queue.add('one', {})
    await queue.addBulk([{ name: 'two' }, { name: 'three' }])
    await queue.upsertJobScheduler('four', {}, { name: 'four' })
    expect(new Set(queue.jobs.map(contextOf)).size).toBe(4)
    expect(queue.jobs.map(contextOf)).not.toContain(undefined)
    expect(names()).toEqual(['add orders', 'create orders', 'create orders', 'add orders', 'add orders'])
  })

  it('is what it was', () => {
    const { Queue } = load()
    const options = Object.freeze({ prefix: 'mine' })
    const queue = new Queue('orders', options)
    expect([Queue.name, Queue.length, Queue.shared]).toEqual(['Queue', 2, 'a static'])
    expect([queue.add.name, queue.add.length]).toEqual(['add', 2])
    expect(queue).toBeInstanceOf(Queue)
    expect([queue.name, queue.opts]).toMatchObject(['orders', { prefix: 'mine' }])
    expect(Object.keys(queue).toSorted()).toEqual(['jobs', 'name', 'opts'])
  })

  it('may be extended, and runs the method of the subclass once, wrapped by hand or not', async () => {
    const { Queue, spans, tracerProvider } = load()
    class Mine extends Queue {
      #calls = 0
      override async add(name: string, data: object, options?: object) {
        this.#calls += 1
        return super.add(name, { ...data, calls: this.#calls }, options)
      }
    }
    const plain = new Mine('orders')
    await plain.add('one', {})
    expect(spans()).toHaveLength(1)
    await traceQueue(plain, { tracerProvider }).add('two', {})
    expect(plain.jobs.map(({ data }) => data)).toEqual([{ calls: 1 }, { calls: 2 }])
    expect(spans()).toHaveLength(2)
    expect(contextOf(plain.jobs[1])).toContain(spans()[1]?.spanContext().spanId)
  })

  it('moves jobs as its instrumentation says', async () => {
    const { Queue, spans } = load({ convention: '1.45' })
    const queue = new Queue('orders')
    const job = { id: '1', name: 'one', data: {}, opts: {}, queueName: 'orders', timestamp: 1 }
    await redrive(queue, { ...job, attemptsMade: 1, attemptsStarted: 1 }, { to: 'orders' })
    expect(spans()).toMatchObject([{ name: 'add orders', attributes: { 'messaging.system.name': 'bullmq' } }])
    expect(spans()[0]?.attributes).not.toHaveProperty('messaging.system')
  })

  it('is left alone where it has the telemetry of another package', async () => {
    const { Queue, names } = load()
    const telemetry = {}
    const queue = new Queue('orders', { telemetry })
    await queue.add('one', {})
    expect(queue.opts.telemetry).toBe(telemetry)
    expect(names()).toEqual([])
  })

  it('adds jobs as they are while nothing is traced', async () => {
    const sdk = recorded(new BullMQInstrumentation())
    const { Queue } = install().require('bullmq') as HollowBullmq
    const queue = new Queue('orders')
    sdk.instrumentation.disable()
    const span = sdk.tracerProvider.getTracer('test').startSpan('request')
    await context.with(trace.setSpan(context.active(), span), () => queue.add('one', {}))
    expect(queue.jobs[0]?.opts).toEqual({})
    expect(sdk.names()).toEqual([])
  })
})

it('a FlowProducer of the patched module gives each job of a flow a context of its own', async () => {
  const { FlowProducer } = load()
  const flows = new FlowProducer()
  await flows.add({ name: 'parent', queueName: 'orders', children: [{ name: 'child', queueName: 'mails' }] })
  const [parent] = flows.flows as readonly (HollowJob & { readonly children: readonly HollowJob[] })[]
  expect([contextOf(parent), contextOf(parent?.children[0])]).not.toContain(undefined)
  expect(contextOf(parent)).not.toBe(contextOf(parent?.children[0]))
})

describe('a Worker of the patched module', () => {
  it('handles its jobs in spans, with the facts of the job', async () => {
    const { Queue, Worker, spans } = load()
    const job = await new Queue('orders').add('one', {})
    const seen: unknown[] = []
    const worker = new Worker('orders', async () => void seen.push(trace.getActiveSpan()?.spanContext().spanId))
    await worker.run(job)
    const process = spans().find(({ name }) => name === 'process orders')
    expect(seen).toEqual([process?.spanContext().spanId])
    expect(process?.attributes['tracebaton.delivery.attempt_source']).toBe('broker')
    expect(worker.opts.telemetry).toBeDefined()
  })

  it('has one span of each attempt where its processor is wrapped by hand as well', async () => {
    const { Queue, Worker, names, tracerProvider } = load()
    const job = await new Queue('orders').add('one', {})
    const telemetry = bullmqTelemetry({ tracerProvider })
    const worker = new Worker('orders', traceHandler(processor, { tracerProvider }), { telemetry })
    await expect(worker.run(job)).resolves.toBe(1)
    expect(worker.opts.telemetry).toBe(telemetry)
    expect(names().filter((name) => name === 'process orders')).toHaveLength(1)
  })

  it('leaves its processor alone where it has the telemetry of another package', async () => {
    const { Worker } = load()
    expect(new Worker('orders', processor, { telemetry: {} })).toHaveProperty('processor', processor)
  })

  it('takes a file as it is', () => {
    const { Worker } = load()
    expect(new Worker('orders', '/app/work.js')).toHaveProperty('processor', '/app/work.js')
  })
})

describe('a sandbox', () => {
  const facts = { timestamp: 1, processedOn: 2, attemptsMade: 0, attemptsStarted: 1 }
  const job = { id: '1', name: 'one', data: {}, opts: {}, queueName: 'orders', ...facts }

  it.each([true, false])('traces the function of its file if it is told to: %s', async (sandboxes) => {
    const { ChildProcessor, folder, names } = load({ sandboxes })
    const file = join(folder, 'work.cjs')
    writeFileSync(file, 'module.exports = async (job) => job.name\n')
    const child = new ChildProcessor()
    await child.init(file)
    await expect(child.processor(job)).resolves.toBe('one')
    expect(names()).toEqual(sandboxes ? ['process orders'] : [])
  })
})
