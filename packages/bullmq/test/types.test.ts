import type {
  Queue,
  FlowJob,
  FlowProducer,
  Job,
  Processor,
  SandboxedJob,
  Telemetry,
  Worker,
  WorkerOptions,
} from 'bullmq'
import { expect, expectTypeOf, test } from 'vitest'
import type { FlowJobLike, FlowProducerLike, JobLike, JobOptionsLike, QueueLike, TelemetryLike } from '../src/client.ts'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '../src/index.ts'
import { traceHandler as traceSandboxed } from '../src/sandbox.ts'

type Orders = Queue<{ order: number }, string, 'charge'>

test('the types of BullMQ fit the structure that is asked for, and ours fits BullMQ’s', () => {
  expectTypeOf<Queue>().toExtend<QueueLike>()
  expectTypeOf<Orders>().toExtend<QueueLike>()
  expectTypeOf<FlowProducer>().toExtend<FlowProducerLike>()
  expectTypeOf<Job>().toExtend<JobLike>()
  expectTypeOf<SandboxedJob>().toExtend<JobLike>()
  expectTypeOf<Job['opts']>().toExtend<JobOptionsLike>()
  expectTypeOf<FlowJob>().toExtend<FlowJobLike>()
  expectTypeOf<TelemetryLike>().toExtend<Telemetry>()
  expectTypeOf<{ telemetry: ReturnType<typeof bullmqTelemetry> }>().toExtend<Pick<WorkerOptions, 'telemetry'>>()
})

test('wrapping gives the same type back', () => {
  expectTypeOf<ReturnType<typeof traceQueue<Orders>>>().toEqualTypeOf<Orders>()
  expectTypeOf<ReturnType<typeof traceFlowProducer<FlowProducer>>>().toEqualTypeOf<FlowProducer>()
  const processor = traceHandler(async (job: Job<{ order: number }>, token?: string) => `${job.data.order}${token}`)
  expectTypeOf(processor).toEqualTypeOf<(job: Job<{ order: number }>, token?: string) => Promise<string>>()
  expectTypeOf(processor).toExtend<Processor<{ order: number }, string>>()
  const sandboxed = traceSandboxed((job: SandboxedJob<number>) => job.data)
  expectTypeOf(sandboxed).toEqualTypeOf<(job: SandboxedJob<number>) => Promise<number>>()
  // @ts-expect-error -- a producer of flows has no schedulers
  expectTypeOf<FlowProducer>().toExtend<QueueLike>()
  // @ts-expect-error -- a processor is a function, not the name of a file
  expectTypeOf<string>().toExtend<Parameters<typeof traceHandler>[0]>()
})

test('a processor needs no types of its own where it is given to a worker', () => {
  type Order = { readonly order: number }
  const processor: Processor<Order, string, 'charge'> = traceHandler(async (job, token) => {
    expectTypeOf(job).toEqualTypeOf<Job<Order, string, 'charge'>>()
    expectTypeOf(token).toEqualTypeOf<string | undefined>()
    return job.name
  })
  const open: ConstructorParameters<typeof Worker>[1] = traceHandler(async (job) => {
    await job.updateProgress(50)
    return job.name
  })
  const sandboxed = traceSandboxed(async (job) => job.data as number)
  expectTypeOf(sandboxed).returns.toEqualTypeOf<Promise<number>>()
  expect([processor, open, sandboxed]).toEqual(Array(3).fill(expect.any(Function)))
})

const charge = async ({ data }: Pick<Job<number>, 'data'>): Promise<number> => data

test('a processor may ask for a part of a job', () => {
  const processor: Processor<number, number> = traceHandler(charge)
  const sandboxed = traceSandboxed(charge)
  expectTypeOf(sandboxed).toExtend<(job: SandboxedJob<number>) => Promise<number>>()
  expect([processor, sandboxed]).toEqual(Array(2).fill(expect.any(Function)))
})
