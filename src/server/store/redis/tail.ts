import type { Followers } from '../followers.ts'
import type { Line } from './line.ts'
import type { Here } from './arrival.ts'
import type { Keys } from './keys.ts'
import type { RawEntry } from './scripts.ts'

/** How long Redis waits for something new before it says that there is nothing, in ms: followers hear `fresh()` so often. */
export const lookMs = 1000
const mostPerLook = 256

interface Place {
  readonly here: Here
  /** `seq` of the last entry that was told. */
  readonly last: string
}

export interface Tail {
  /** Looks as long as somebody follows. */
  start(): void
  close(): Promise<void>
}

/**
 * Reads the log for all followers of one store object, on a line of its own, because a look blocks its connection. Each
 * entry names the one before it, so an entry that was trimmed away unseen leaves a hole that shows.
 */
export function tailOf(line: Line, keys: Keys, followers: Followers, seenEpoch: (epoch: number) => void): Tail {
  let running = false
  let closed = false

  const begin = async (): Promise<Place | null> => {
    const here = await line.arrived()
    const [stream, last] = await line.connection.hmget(keys.state, 'stream', 'last')
    if (stream !== here.stream || last == null) return lost(here)
    followers.tell((follower) => follower.lapsed())
    followers.tell((follower) => follower.fresh())
    return { here, last }
  }

  const lost = (here: Here): null => {
    line.arriveAgain(here)
    return null
  }

  const look = async ({ here, last }: Place): Promise<Place | null> => {
    const log = keys.log(here.stream)
    const answers = await line.connection
      .pipeline()
      .xread('COUNT', mostPerLook, 'BLOCK', lookMs, 'STREAMS', log, last)
      .hget(keys.state, 'stream')
      .exec()
    const [news, stream] = (answers ?? []).map(([error, answer]) => {
      if (error !== null) throw error
      return answer
    })
    if (stream !== here.stream) return lost(here)
    let at = last
    for (const entry of (news as [string, RawEntry[]][] | null)?.[0]?.[1] ?? []) at = tell(entry, at)
    followers.tell((follower) => follower.fresh())
    line.proven()
    return { here, last: at }
  }

  /** Tells of one entry; returns its `seq`. */
  const tell = ([id, [, prev, kind, value = '', ...rest]]: RawEntry, at: string): string => {
    const last = id.slice(0, id.indexOf('-'))
    if (prev !== at) followers.tell((follower) => follower.lapsed())
    if (kind === 'epoch') {
      const [, of = ''] = rest
      const user = of === '' ? null : of.slice('u:'.length)
      seenEpoch(Number(value))
      followers.tell((follower) => follower.revoked(user, Number(value)))
      return last
    }
    for (let i = 0; i + 1 < rest.length; i += 2) {
      const entry = { seq: Number(last), after: Number(rest[i + 1]), body: value }
      followers.tell((follower) => follower.entry(rest[i] ?? '', entry))
    }
    return last
  }

  const run = async (): Promise<void> => {
    running = true
    let place: Place | null = null
    while (!closed && followers.size > 0) {
      try {
        place = place === null ? await begin() : await look(place)
      } catch (error) {
        // Whatever it was, the line tells of it, and a new connection arrives anew.
        place = null
        await line.renew(error)
      }
    }
    running = false
  }

  return {
    start() {
      if (!running && !closed) void run()
    },
    close() {
      closed = true
      return line.close(0)
    },
  }
}
