/** Which versions of which clients the adapters are tested with. The same as their peer dependencies. */
export const testedVersions: Readonly<Record<string, string>> = {
  '@aws-sdk/client-sqs': '^3.0.0',
  amqplib: '^2.0.0',
  bullmq: '^6.0.0',
  kafkajs: '^2.2.0',
}

/** Whether a version is within a caret range, as the table above has them. A version before a release is not. */
export function isWithin(version: string, range: string): boolean {
  const [major, minor, patch] = numbersOf(version)
  const [lowMajor, lowMinor, lowPatch] = numbersOf(range.slice(1))
  if (version.includes('-') || major !== lowMajor) return false
  return minor > lowMinor || (minor === lowMinor && patch >= lowPatch)
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

function numbersOf(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0)
  return [major, minor, patch]
}
