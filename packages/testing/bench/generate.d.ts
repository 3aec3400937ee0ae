/** Writes a file of a size in 1 000 000 bytes, with the spans of so many orders mixed with each other. */
export function generate(file: string, megabytes: number, inFlight: number): { spans: number; bytes: number }
