/** Which versions of which clients the adapters are tested with. The same as their peer dependencies. */
export const testedVersions: Readonly<Record<string, string>> = {
  '@aws-sdk/client-sqs': '>=3.50.0 <4',
  amqplib: '>=0.10.0 <3',
  bullmq: '>=5.41.6 <7',
  kafkajs: '>=2.0.0 <3',
}

/** Clients for the same brokers that are not traced yet, and the client that is. */
export const untracedClients: Readonly<Record<string, string>> = {
  '@platformatic/kafka': 'kafkajs',
  'rabbitmq-client': 'amqplib',
}

/** Whether a version is within a range `>=… <…`, as the table above has them. A version before a release is not. */
export function isWithin(version: string, range: string): boolean {
  const [low = '', high = ''] = range.split(' ')
  return !version.includes('-') && !isBefore(version, low.slice(2)) && isBefore(version, high.slice(1))
}

function isBefore(version: string, other: string): boolean {
  const [own, others] = [numbersOf(version), numbersOf(other)]
  const at = own.findIndex((number, index) => number !== others[index])
  return at !== -1 && own[at]! < others[at]!
}

/**
 * Whether code with one copy of the OpenTelemetry API sees what was registered with another copy: the major version must
 * be the same, and the minor version of the registered one not be older.
 */
export function seesRegistration(copy: string, registered: string): boolean {
  const [major, minor] = numbersOf(copy)
  const [otherMajor, otherMinor] = numbersOf(registered)
  return major === otherMajor && minor <= otherMinor
}

/** Major, minor and patch. */
export function numbersOf(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0)
  return [major, minor, patch]
}
