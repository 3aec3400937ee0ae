import { spawn } from 'node:child_process'
import { judge } from '../rules/evidence.ts'
import { rules } from '../rules/rules.ts'
import { createJournal, type Journal } from '../watch/journal.ts'
import { createLogView } from '../watch/log-view.ts'
import type { Change } from '../watch/protocol.ts'
import { createTerminalView } from '../watch/terminal-view.ts'
import { startWatch, type Watch } from '../watch/watch.ts'
import { UsageError, type Command, type Given } from './command.ts'
import { EXIT, type Terminal } from './terminal.ts'

const standardPort = 4318

/** `tracebaton watch` */
export const watch: Command = {
  name: 'watch',
  usage: '[options]',
  summary: 'take spans while you develop, and show the journeys of messages as they happen',
  description: [
    'Listens for OTLP over HTTP, in JSON or protobuf, as every OpenTelemetry SDK and the Collector send it, and shows ' +
      'each message as it moves, newest first: in this terminal, and on a page at the same address. A journey is judged ' +
      'by the rules of tracebaton check once no span of it has come for 6 seconds. The latest journeys are kept in ' +
      'memory; nothing is written, and nothing leaves this machine. Ctrl-C ends it.',
  ],
  options: [
    { name: 'port', value: 'NUMBER', meaning: `where to listen, ${standardPort} by default; 0 takes any that is free` },
    {
      name: 'host',
      value: 'ADDRESS',
      meaning: '127.0.0.1 by default; 0.0.0.0 lets containers in, and everybody who reaches this machine',
    },
    { name: 'keep', value: 'NUMBER', meaning: 'journeys that are kept, 1000 by default' },
    { name: 'ignore', value: 'ID', meaning: 'do not judge by this rule; may be repeated', many: true },
    { name: 'open', meaning: 'open the page in the browser' },
  ],
  exitCodes: [
    [EXIT.ok, 'ended by Ctrl-C or SIGTERM'],
    [EXIT.usage, 'the command line is not understood, or the port is taken'],
  ],
  async run(given, terminal) {
    let tell: ((change: Change) => void) | undefined
    const journal = journalFor(given)
    const started = await start(given, journal, (change) => tell?.(change))
    if (typeof started === 'string') {
      terminal.error(`${started}\n`)
      return EXIT.usage
    }
    await using watching = started
    if (given.has('open')) openPage(watching.url)
    if (terminal.openScreen)
      await live({ url: watching.url, journal }, terminal, terminal.openScreen, (apply) => void (tell = apply))
    else {
      terminal.out(`Watching on ${watching.url}: send spans there, and open it in a browser. Ctrl-C ends it.\n`)
      const view = createLogView(terminal.out, terminal)
      tell = (change) => view.apply(change)
      await terminal.untilStopped?.()
    }
    return EXIT.ok
  },
}

async function live(
  { url, journal }: { readonly url: string; readonly journal: Journal },
  terminal: Terminal,
  openScreen: NonNullable<Terminal['openScreen']>,
  follow: (apply: (change: Change) => void) => void,
): Promise<void> {
  using screen = openScreen()
  const left = new Promise<void>((quit) => {
    const view = createTerminalView(screen, {
      url,
      colors: terminal.colors,
      spansOf: (id) => journal.spansOf(id),
      quit,
    })
    follow((change) => view.apply(change))
  })
  await Promise.race([left, terminal.untilStopped?.() ?? left])
}

// ms: an SDK exports every 5 s, and what two services say of one message comes as far apart.
const quiet = 6000

function journalFor(given: Given): Journal {
  const keep = given.number('keep') ?? 1000
  if (keep < 1 || keep > 10_000) throw new UsageError('--keep can be 1 to 10000')
  const ignored = given.all('ignore')
  const unknown = ignored.find((id) => !rules.some((rule) => rule.id === id))
  if (unknown !== undefined) throw new UsageError(`There is no rule ${unknown}`)
  const chosen = rules.filter(({ id }) => !ignored.includes(id))
  return createJournal({
    keep,
    quiet,
    find: (spans, elsewhere) => judge(spans, {}, chosen, elsewhere).flatMap(({ findings }) => findings),
  })
}

/** Gives a sentence for the reader when the address cannot be listened on. */
async function start(given: Given, journal: Journal, onChange: (change: Change) => void): Promise<Watch | string> {
  if (given.files.length > 0) throw new UsageError('watch reads no files')
  const port = given.number('port') ?? standardPort
  if (port > 65_535) throw new UsageError('--port can be 65535 at most')
  const host = given.one('host') ?? '127.0.0.1'
  try {
    return await startWatch({ journal, port, host, onChange })
  } catch (error) {
    return reasonOf(error, port, host)
  }
}

function reasonOf(error: unknown, port: number, host: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const other = port >= 65_535 ? standardPort : port + 1
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken, perhaps by a Collector on this machine: choose another one, such as --port ${other}.`
  }
  if (code === 'EACCES') return `Port ${port} may not be used: choose another one, such as --port ${standardPort}.`
  return `${host} cannot be listened on (${message}): choose another address with --host.`
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens an address in the reader's browser, where there is one. Never fails: the address is printed as well. */
function openPage(url: string): void {
  const [command = '', ...words] = openers[process.platform] ?? ['xdg-open']
  spawn(command, [...words, url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}
