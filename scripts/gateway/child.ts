import { spawn } from 'node:child_process'

/** A program of ours as a process of its own. */
export interface Child {
  /** Resolves with the answer; rejects where it ends without one. */
  ask<T>(order: object): Promise<T>
  /** Resolves when the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Hears what it says unasked. */
  onSay(hear: (said: unknown) => void): void
}

interface Answer {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

/** Resolves when the program says that it is ready. `settings` reach it through its environment; nothing secret is in the arguments. */
export function startChild(program: string, settings: object, nodeArguments: readonly string[] = []): Promise<Child> {
  const child = spawn(process.execPath, [...nodeArguments, program], {
    env: { ...process.env, NODE_ENV: 'production', HEARTWIRE_SETTINGS: JSON.stringify(settings) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  const listeners: ((said: unknown) => void)[] = []
  let ids = 0
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', endWithUs)
      for (const { reject } of asked.values()) reject(new Error('the process has ended'))
      resolve()
    })
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code} before it was ready`)))
    child.on('message', (message) => {
      if (message === 'ready') return resolve({ ask, kill, onSay: (hear) => void listeners.push(hear) })
      const { id, answer, error } = message as Answer
      const waiting = asked.get(id)
      asked.delete(id)
      if (waiting === undefined) for (const hear of listeners) hear(message)
      else if (error === undefined) waiting.resolve(answer)
      else waiting.reject(new Error(error))
    })
  })

  function ask<T>(order: object): Promise<T> {
    const id = ++ids
    return new Promise<T>((resolve, reject) => {
      if (!child.connected) return reject(new Error('the process has ended'))
      asked.set(id, { resolve: (answer) => resolve(answer as T), reject })
      child.send({ id, order })
    })
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    child.kill(signal)
    await ended
  }
}

/** The other end: what this process was told to be. */
export const settings = (): unknown => JSON.parse(process.env['HEARTWIRE_SETTINGS'] ?? '{}')

/** Answers orders, one by one, and says that it is ready. Ends with the parent. */
export function serveOrders(obey: (order: unknown) => unknown): void {
  process.on('message', (message) => {
    const { id, order } = message as { id: number; order: unknown }
    Promise.resolve()
      .then(() => obey(order))
      .then(
        (answer) => process.send?.({ id, answer }),
        (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : 'failed' }),
      )
  })
  process.once('disconnect', () => process.exit(0))
  process.send?.('ready')
}
