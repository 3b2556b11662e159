import { MintError } from '../mint-error.ts'

export interface KeyGuardOptions {
  /** Milliseconds by a clock that does not go back. Default: `performance.now`. */
  readonly now?: () => number
  /** How long a refused key is not tried again, in ms. Default 30 000. */
  readonly refusedMs?: number
  /** How long a key counts as good after its last good answer, in ms. Default 5 000. */
  readonly provenMs?: number
  /** How many calls one good key may have in flight. Default 20: under the 30 failed calls a minute after which bitHuman locks an address out. */
  readonly atOnce?: number
}

export interface KeyGuard {
  /**
   * Runs `call` with the key of this id, when it may.
   *
   * @throws MintError of the verdict that is known, of the call that went ahead, or of `call`; the signal's reason.
   */
  run<T>(id: string, call: () => Promise<T>, signal: AbortSignal): Promise<T>
}

interface Waiting {
  readonly go: () => void
  readonly refuse: (error: Error) => void
}
interface Known {
  inFlight: number
  readonly waiting: Waiting[]
  provenUntil: number
  refusal: { readonly error: MintError; readonly until: number } | undefined
}

/**
 * Keeps one bad key from locking the backend out of its provider. A key that has not proved itself lately is tried by one
 * call, and the others wait for what it learns: refused, they all are, without a call, for `refusedMs`; good, they go.
 * Verdicts belong to the value of a key, so a corrected one is tried at once.
 */
export function keyGuard(options: KeyGuardOptions = {}): KeyGuard {
  const { now = () => performance.now(), refusedMs = 30_000, provenMs = 5_000, atOnce = 20 } = options
  const keys = new Map<string, Known>()

  const known = (id: string): Known => {
    let key = keys.get(id)
    if (key === undefined) {
      // Old values of a rotated key are forgotten once nothing is known about them any more.
      for (const [old, { inFlight, provenUntil, refusal }] of keys) {
        if (inFlight === 0 && provenUntil <= now() && (refusal?.until ?? 0) <= now()) keys.delete(old)
      }
      keys.set(id, (key = { inFlight: 0, waiting: [], provenUntil: 0, refusal: undefined }))
    }
    return key
  }
  const mayGo = (key: Known): boolean => key.inFlight < (now() < key.provenUntil ? atOnce : 1)

  const enter = (key: Known, signal: AbortSignal): Promise<void> | void => {
    if (mayGo(key)) return void key.inFlight++
    return new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => (): void => {
        signal.removeEventListener('abort', leave)
        settle()
      }
      const waiting: Waiting = { go: done(resolve), refuse: (error) => done(() => reject(error))() }
      const leave = (): void => {
        const place = key.waiting.indexOf(waiting)
        if (place >= 0) key.waiting.splice(place, 1)
        waiting.refuse(signal.reason as Error)
      }
      signal.addEventListener('abort', leave, { once: true })
      key.waiting.push(waiting)
    })
  }

  const learn = (key: Known, error: unknown): void => {
    if (error === undefined || provesKey(error)) key.provenUntil = now() + provenMs
    else if (error instanceof MintError) {
      if (error.code === 'key_refused') {
        key.refusal = { error, until: now() + refusedMs }
        key.provenUntil = 0
      }
      // What the one that went ahead met, the others would meet too.
      if (now() >= key.provenUntil) for (const waiting of key.waiting.splice(0)) waiting.refuse(error)
    }
  }

  return {
    async run(id, call, signal) {
      signal.throwIfAborted()
      const key = known(id)
      if (key.refusal !== undefined && now() < key.refusal.until) throw key.refusal.error
      await enter(key, signal)
      try {
        const value = await call()
        learn(key, undefined)
        return value
      } catch (error) {
        learn(key, error)
        throw error
      } finally {
        key.inFlight--
        // The place is taken on behalf of whoever waited longest, before anybody new can ask.
        while (key.waiting.length > 0 && mayGo(key)) {
          key.inFlight++
          key.waiting.shift()?.go()
        }
      }
    },
  }
}

/** The provider answered about something else than the key: so it took it. 429 says nothing: it may be the lock-out itself. */
function provesKey(error: unknown): boolean {
  if (!(error instanceof MintError) || error.code === 'key_refused') return false
  const status = error.upstreamStatus ?? 0
  return (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 429)
}
