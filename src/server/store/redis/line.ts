import type { Redis } from 'ioredis'
import { within } from '../../deadline.ts'
import { StoreError } from '../store-error.ts'
import type { OnStoreError } from '../store-error.ts'
import type { Here } from './arrival.ts'
import { scripts } from './scripts.ts'
import type { Connection } from './scripts.ts'

export interface LineOptions {
  readonly redis: Redis
  /** As Redis lists it. */
  readonly name: string
  /** A connection that says nothing for so long when it should is given up, in ms. */
  readonly silenceMs: number
  readonly arrive: (connection: Connection) => Promise<Here>
  /** Hears once of each time that the line goes down. */
  readonly onError: OnStoreError
}

/** One connection after another to the same Redis, each of which arrives before it is used. Begins with the first `arrived()`. */
export interface Line {
  readonly connection: Connection
  /** Resolves once the connection has arrived; rejects at once while it is known to be down. */
  arrived(): Promise<Here>
  /** The stream is not the one of `old`: arrives again on the same connection, once for all who say so. */
  arriveAgain(old: Here): void
  /** The connection was of use: the next trouble is a new one. */
  proven(): void
  /** Gives the connection up because of `cause`, and resolves when the next one stands (or the line is closed). */
  renew(cause: unknown): Promise<void>
  /** Waits so long for answers that are under way, then ends the connection. */
  close(graceMs: number): Promise<void>
}

export function openLine({ redis, name, silenceMs, arrive, onError }: LineOptions): Line {
  let closed = false
  let failures = 0
  let told = false
  let cause: unknown
  let current: Here | null = null
  let next = opening()

  const connection = redis.duplicate({
    scripts,
    connectionName: name,
    lazyConnect: true,
    // Nothing waits for a connection or is sent twice: the caller hears of it, and knows whether it may be repeated.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    enableReadyCheck: true,
    commandTimeout: silenceMs,
    socketTimeout: silenceMs,
    connectTimeout: silenceMs,
    disconnectTimeout: 500,
    retryStrategy: () => (closed ? null : Math.min(1000, 50 * 2 ** Math.min(failures, 6)) * (0.75 + Math.random() / 4)),
    // A primary that became a replica keeps its connections, and refuses to write on them.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }) as Connection

  const arriving = async (): Promise<Here> => {
    try {
      return (current = await arrive(connection))
    } catch (error) {
      cause = error
      connection.disconnect(true)
      throw error
    }
  }

  const down = (): void => {
    failures++
    current = null
    next.reject(cause)
    next = opening()
    next.reject(cause)
    if (!told && !closed) onError(awayError(cause))
    told = true
  }

  connection.on('error', (error) => (cause = error))
  connection.on('connecting', () => {
    if (next.settled) next = opening()
  })
  connection.on('ready', () => next.resolve(arriving()))
  connection.on('close', down)

  return {
    connection,
    async arrived() {
      if (closed) throw new StoreError('closed', 'the store was closed')
      // How it goes is heard from the events.
      if (connection.status === 'wait') connection.connect().catch(() => {})
      return next.result
    },
    arriveAgain(old) {
      if (current !== old) return
      current = null
      next = opening()
      next.resolve(arriving())
    },
    proven() {
      failures = 0
      told = false
    },
    renew: (why) =>
      new Promise((resolve) => {
        const done = (): void => {
          connection.off('ready', done)
          connection.off('end', done)
          resolve()
        }
        if (connection.status === 'end') return resolve()
        connection.on('ready', done)
        connection.on('end', done)
        if (connection.status !== 'ready') return
        cause = why
        connection.disconnect(true)
      }),
    async close(graceMs) {
      closed = true
      if (connection.status === 'ready' && graceMs > 0) await within(graceMs, undefined, () => connection.quit()).catch(() => {})
      connection.disconnect()
    },
  }
}

interface Opening {
  readonly result: Promise<Here>
  readonly settled: boolean
  resolve(here: Promise<Here>): void
  reject(cause: unknown): void
}

function opening(): Opening {
  let settle: { resolve: (here: Promise<Here>) => void; reject: (cause: unknown) => void } | undefined
  let settled = false
  const result = new Promise<Here>((resolve, reject) => (settle = { resolve, reject }))
  // Nobody may be waiting for it.
  result.catch(() => {})
  return {
    result,
    get settled() {
      return settled
    },
    resolve(here) {
      settled = true
      settle?.resolve(here)
    },
    reject(cause) {
      settled = true
      settle?.reject(cause)
    },
  }
}

/** Redis repeats a command's arguments in some errors, and ioredis hangs them on: only the sentence is kept. */
export function awayError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  const said = cause instanceof Error ? cause.message.replace(/,? with args beginning with.*/s, '') : 'no connection'
  return new StoreError('away', `Redis does not answer (${said}); it is tried again`)
}
