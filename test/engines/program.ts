import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Program {
  readonly process: ChildProcess
  /** Resolves with the first group of the first line that matches, of the stream that is given. */
  says(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string>
  /** Waits for its end, and insists after 5 s. */
  over(): Promise<void>
}

/** Starts a program. Rejects with what to do where it is not installed. */
export async function start(command: string, args: readonly string[], options: SpawnOptions): Promise<Program> {
  const child = spawn(command, args, options)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await once(child, 'spawn').catch(() => {
    throw new Error(`${command} is not installed; npm run setup:engines installs it on Debian and Ubuntu`)
  })
  return {
    process: child,
    async says(stream, pattern) {
      for await (const line of createInterface({ input: stream })) {
        const found = pattern.exec(line)?.[1]
        // What it says later must still be read, or it stops when the pipe is full.
        if (found !== undefined) return (stream.resume(), found)
      }
      throw new Error(`${command} ended before it said ${String(pattern)}`)
    },
    async over() {
      const insist = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(insist)
    },
  }
}

/** A folder for a browser's profile, and its removal. */
export function freshProfile(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'heartwire-engine-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) }
}
