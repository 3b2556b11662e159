import type { World } from '../provider.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `length` letters and digits. Chance is the world's, so that a run can be repeated; real keys are drawn better. */
export const letters = (world: Pick<World, 'random'>, length: number): string =>
  Array.from({ length }, () => alphabet[Math.floor(world.random() * alphabet.length)]).join('')

/** An id as HueChat writes it: a word for the kind, and 12 letters and digits (`cnt_1a2b3c4d5e6f`). */
export const idOf = (world: Pick<World, 'random'>, kind: string): string => `${kind}_${letters(world, 12).toLowerCase()}`

/** Epoch ms as HueChat writes a time: ISO 8601 in UTC, without the fraction. */
export const timeOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
