/** Hostile inputs by the number, half through sessions and half through everything else that reads what strangers write. */
import { Random } from '../simulation/random.ts'
import { fuzzBackends } from './backends.ts'
import { prototypesGuard } from './escapes.ts'
import { fuzzSessions } from './sessions.ts'

/** What was wrong, from a seed: nothing, if all is well. */
export async function fuzz(inputs: number, seed: number): Promise<string[]> {
  const unchanged = prototypesGuard()
  const escaped: string[] = []
  const hear = (error: unknown): void => void escaped.push(`nobody caught ${String(error)}`)
  process.on('unhandledRejection', hear)
  const random = new Random(seed)
  const wrong = [...(await fuzzSessions(Math.ceil(inputs / 2), random)), ...(await fuzzBackends(Math.floor(inputs / 2), random))]
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', hear)
  const moved = unchanged()
  return [...wrong, ...escaped, ...(moved === null ? [] : [moved])]
}
