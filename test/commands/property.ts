/** Sequences of commands, made and shrunk by fast-check. */
import { array, asyncProperty, check, nat } from 'fast-check'
import { commandName, run, type Command } from './run.ts'
import { withoutStacks } from './world.ts'

export interface Tried {
  readonly runs: number
  readonly seen: ReadonlySet<string>
  /** The shortest sequence that goes wrong, in words; null if none was found. */
  readonly failure: string | null
}

const length = 50

export async function tryCommands(runs: number, seed: number): Promise<Tried> {
  const seen = new Set<string>()
  const sequence = array(nat(), { minLength: length, maxLength: length })
  const property = asyncProperty(sequence, nat(), async (commands: Command[], chance: number) => {
    const outcome = await run(commands, chance)
    for (const status of outcome.seen) seen.add(status)
    return outcome.wrong.length === 0
  })
  const { failed, counterexample } = await withoutStacks(() => check(property, { numRuns: runs, seed, endOnFailure: true }))
  if (!failed || !counterexample) return { runs, seen, failure: null }
  return { runs, seen, failure: await told(...counterexample) }
}

/** What is left of it when every command that is not needed is taken out. */
async function told(commands: readonly Command[], chance: number): Promise<string> {
  let shortest = commands
  let { wrong } = await run(shortest, chance)
  for (let index = 0; index < shortest.length;) {
    const without = shortest.filter((_, other) => other !== index)
    const outcome = await run(without, chance)
    if (outcome.wrong.length === 0) index++
    else [shortest, wrong] = [without, outcome.wrong]
  }
  const lines: string[] = []
  await run(shortest, chance, (line) => lines.push(line))
  return `${wrong[0]}\nrun([${shortest.join(', ')}], ${chance}): ${shortest.map(commandName).join(' ')}\n${lines.join('\n')}`
}
