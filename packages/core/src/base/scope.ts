import type { Convention } from './names.ts'

/** The instrumentation scope of spans and metrics: the package of the adapter, and its version. */
export interface Scope {
  readonly name: string
  readonly version: string
}

/** A scope, with the schema of the names in use. */
export interface SchemaScope extends Scope {
  readonly schemaUrl: string
}

/** The scope of what is recorded by core itself. */
export const CORE_SCOPE: Scope = { name: '@tracebaton/core', version: '0.0.0' }

/**
 * The schema that the names of a convention belong to. Those of `compatible` and of both side by side are of the newest
 * one, and say older names beside them.
 */
export function schemaUrlOf(convention: Convention | 'both'): string {
  return `https://opentelemetry.io/schemas/${convention === '1.44' ? '1.44.0' : '1.45.0'}`
}
