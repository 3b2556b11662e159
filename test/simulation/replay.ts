/** One seed, told step by step: `npm run simulate -- --seed N`. */
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { simulate } from './simulate.ts'

/** Writes each step; answers what was violated, or null. */
export function replay(seed: number, steps: number, write: (line: string) => void): string | null {
  const { violation, hash, steps: done, virtualMs } = simulate(seed, steps, { step, wants, statusOf }, write)
  write(`seed ${seed}: ${done} steps, ${Math.round(virtualMs / 1000)} s of virtual time, trace ${hash}`)
  write(violation ?? 'every invariant holds')
  return violation
}
