import type { World } from '../provider.ts'

type Chance = Pick<World, 'random'>

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `length` letters and digits. Chance is the world's, so that a run can be repeated; real keys are drawn better. */
export const letters = (world: Chance, length: number): string =>
  Array.from({ length }, () => alphabet[Math.floor(world.random() * alphabet.length)]).join('')

export const bytes = (world: Chance, length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(world.random() * 256))

/** Lower-case hex, as bitHuman's fingerprints are. */
export const hex = (world: Chance, length: number): string =>
  Array.from({ length }, () => Math.floor(world.random() * 16).toString(16)).join('')
