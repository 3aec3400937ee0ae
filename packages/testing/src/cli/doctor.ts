import { diagnose } from '../doctor/diagnose.ts'
import { diagnosisText } from '../doctor/diagnosis.ts'
import type { RoundTripTarget } from '../doctor/round-trip.ts'
import { UsageError, type Command } from './command.ts'
import { isFolder } from './sources.ts'
import { EXIT } from './terminal.ts'

const systems = ['kafka', 'rabbitmq', 'sqs', 'bullmq'] as const

/** `tracebaton doctor` */
export const doctor: Command = {
  name: 'doctor',
  usage: '[FOLDER] [options]',
  summary: 'say why traces break in a project: versions, copies, instrumentations, brokers',
  description: [
    'Looks at what is installed in a project: copies of the OpenTelemetry API, versions of the clients, official ' +
      'instrumentations beside tracebaton, lines of the SDK, npm aliases. With --round-trip it also sends a message through a live broker, in a topic ' +
      'or queue of its own, and says what became of the headers.',
    'What only the running application can tell (no SDK, no propagator, a client that is not patched, another ' +
      'instrumentation that is active), it tells by ' +
      'itself: node --import @tracebaton/testing/doctor app.js prints it to standard error after ' +
      'TRACEBATON_DOCTOR_AFTER ms (10000), or when it ends. Or call diagnose() in it, which also looks at clients that ' +
      'it is given: whether a BullMQ worker has telemetry, and whether an SQS client asks for the context.',
  ],
  options: [
    {
      name: 'round-trip',
      value: 'SYSTEM=ADDRESS',
      meaning: 'kafka=localhost:9092, rabbitmq=amqp://localhost, sqs=http://localhost:9324, bullmq=localhost:6379',
      many: true,
    },
    { name: 'timeout', value: 'SECONDS', meaning: 'for each round trip, 20 by default' },
  ],
  exitCodes: [
    [EXIT.ok, 'nothing is ill; something may be doubtful'],
    [EXIT.found, 'something is ill'],
    [EXIT.usage, 'the command line is not understood, or the folder is not there'],
  ],
  async run(given, terminal) {
    const [folder = process.cwd(), ...more] = given.files
    if (more.length > 0) throw new UsageError('One folder is enough')
    if (!(await isFolder(folder))) throw new UsageError(`There is no folder ${folder}`)
    const timeout = (given.number('timeout') ?? 20) * 1000
    const roundTrips = given.all('round-trip').map((text) => targetOf(text, timeout))
    const found = await diagnose({ folder, process: false, roundTrips })
    terminal.out(diagnosisText(found, { colors: terminal.colors }))
    return found.some(({ state }) => state === 'ill') ? EXIT.found : EXIT.ok
  },
}

function targetOf(text: string, timeout: number): RoundTripTarget {
  const [name, ...rest] = text.split('=')
  const system = systems.find((known) => known === name)
  const address = rest.join('=')
  if (!system || address === '') {
    throw new UsageError(`--round-trip needs one of ${systems.join(', ')} and an address, as kafka=localhost:9092`)
  }
  return { system, address, timeout }
}
