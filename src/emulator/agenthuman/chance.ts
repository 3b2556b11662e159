import type { World } from '../provider.ts'

type Chance = Pick<World, 'random'>

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `length` letters and digits. Chance is the world's, so that a run can be repeated; real keys are drawn better. */
export const letters = (world: Chance, length: number): string => draw(world, alphabet, length)

export const digits = (world: Chance, length: number): string => draw(world, '0123456789', length)

export const bytes = (world: Chance, length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(world.random() * 256))

/** An id as AgentHuman's are: a prefix and a ULID, which are 10 letters of time and 16 of chance. */
export function id(world: World, prefix: string): string {
  let time = world.now()
  let head = ''
  for (let at = 0; at < 10; at++) {
    head = crockford.charAt(time % 32) + head
    time = Math.floor(time / 32)
  }
  return `${prefix}_${head}${draw(world, crockford, 16)}`
}

function draw(world: Chance, from: string, length: number): string {
  return Array.from({ length }, () => from.charAt(Math.floor(world.random() * from.length))).join('')
}
