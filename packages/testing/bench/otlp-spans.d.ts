/** Gives numbers from 0 to 1, the same ones for the same seed. */
export function createRandom(seed: number): () => number
