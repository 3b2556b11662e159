/** One seed, told step by step: `npm run simulate -- --seed N`. */
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { Fingerprint } from './random.ts'
import { simulate } from './simulate.ts'

/** Writes each step; answers what was violated, or null. */
export function replay(seed: number, steps: number, curious: boolean, write: (line: string) => void): string | null {
  const trace = new Fingerprint()
  const log = (line: string): void => (trace.add(line), write(line))
  const { violation, steps: done, virtualMs } = simulate(seed, steps, { step, wants, statusOf }, { curious, log })
  write(`seed ${seed}: ${done} steps, ${Math.round(virtualMs / 1000)} s of virtual time, trace ${String(trace)}`)
  write(violation ?? 'every invariant holds')
  return violation
}
