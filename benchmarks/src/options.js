import { parseArgs } from 'node:util'
import { GATES } from './gates.js'
import { MODES } from './modes.js'
import { SCALING } from './scaling.js'

const HELP = `npm run bench -- [options]

  --quick             two processes, short: about 17 minutes; stores results/quick.json
  --only <paths>      e.g. kafka.eachMessage,amqp: stores results/quick.json
  --modes <modes>     ${MODES.join(', ')}
  --processes <n>     processes per path and mode (5)
  --skip <parts>      cpu, bytes
  --scaling           what grows with batches, headers and links instead: 7 minutes a process (3); stores results/scaling.json
  --against <folder>  compares with the built packages of another checkout, in processes in turn, as "before"
  --brokers           end to end on a real RabbitMQ instead; address in TRACEBATON_AMQP, else a container
  --add               adds processes to the results that are stored
  --out <name>        stores results/<name>.json (latest) and its picture

Paths: ${Object.keys(GATES).join(', ')}
`

/** What the command line asks for; `undefined` when it asks for help only. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      modes: { type: 'string' },
      processes: { type: 'string' },
      skip: { type: 'string', default: '' },
      against: { type: 'string' },
      scaling: { type: 'boolean', default: false },
      brokers: { type: 'boolean', default: false },
      add: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return undefined
  }
  const { quick, against, scaling, brokers, add } = values
  const wanted = values.only?.split(',')
  const skip = new Set(values.skip.split(','))
  const isWanted = (name) => wanted?.some((each) => name === each || name.startsWith(`${each}.`)) ?? true
  const modes = listed(values.modes, MODES)
  const paths = Object.keys(GATES).filter(isWanted)
  if (paths.length === 0) throw new Error(`There is no path ${values.only}: see --help`)
  return {
    quick,
    against,
    brokers,
    add,
    paths: scaling || skip.has('cpu') ? [] : paths,
    bytes: scaling || skip.has('bytes') ? [] : paths,
    scaling: scaling ? Object.keys(SCALING).filter(isWanted) : [],
    modes,
    processes: Number(values.processes ?? (scaling ? (quick ? 1 : 3) : quick ? 2 : 5)),
    out: values.out ?? (quick || wanted !== undefined || modes !== MODES ? 'quick' : scaling ? 'scaling' : 'latest'),
  }
}

function listed(text, known) {
  if (text === undefined) return known
  const wanted = text.split(',')
  const unknown = wanted.find((each) => !known.includes(each))
  if (unknown !== undefined) throw new Error(`There is no mode ${unknown}: ${known.join(', ')}`)
  return wanted
}
