import { run } from '../../src/cli/run.ts'
import type { ExitCode, Terminal } from '../../src/cli/terminal.ts'

export interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
}

/** Runs a command in this process and keeps what it printed. */
export async function ran(args: readonly string[], world: Partial<Terminal> = {}): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await run(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    fetch,
    now: Date.now,
    sleep: async () => {},
    stopped: async () => {},
    ...world,
  })
  return { code, out, err }
}
