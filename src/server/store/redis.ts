import type { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { within } from '../deadline.ts'
import { followers } from './followers.ts'
import { limiters } from './limiters.ts'
import { arrival } from './redis/arrival.ts'
import type { Memory } from './redis/arrival.ts'
import { keysUnder } from './redis/keys.ts'
import { awayError, openLine } from './redis/line.ts'
import type { RawEntry } from './redis/scripts.ts'
import { lookMs, tailOf } from './redis/tail.ts'
import { isSeq } from './sequence.ts'
import { storeReporter } from './store-error.ts'
import type { OnStoreError } from './store-error.ts'
import type { Entry, Store } from './store.ts'
import { distinctSubjects } from './subjects.ts'

export interface RedisStoreOptions {
  /** A client of yours (ioredis). The store never uses it: it makes its own connections with the same settings, at its first call. */
  readonly redis: Redis
  /** In front of all keys; gateways with the same one share the store. Default: `heartwire`. */
  readonly prefix?: string
  /** How long an entry can be read at least, in ms. Default: 10 minutes. */
  readonly retentionMs?: number
  /** How many entries of one subject are kept; the eldest goes first. Default: 1,000. */
  readonly entriesPerSubject?: number
  /** How long a call may take before it rejects, in ms. Default: 2,000. */
  readonly deadlineMs?: number
  /** Hears of each time that Redis goes away, and of settings that may lose something. Default: `console.error`. */
  readonly onError?: OnStoreError
}

/** How much the log keeps for a follower that lags. One that lags more is told so, and reads again. */
const logEntries = 10_000

/**
 * The store of several gateways: Redis 6.2 or newer, or Valkey.
 *
 * It survives a restart of Redis as it is if `appendonly` is on (with `appendfsync everysec`, a machine that loses power
 * may lose the last second unnoticed; `always` loses nothing). Without, after a failover to a replica, and where its keys
 * were dropped, it begins a new stream: every cursor has a gap, and every right that was given before is withdrawn.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { redis, prefix = 'heartwire', retentionMs = 600_000, entriesPerSubject = 1000, deadlineMs = 2000 } = options
  const onError = storeReporter(options.onError)
  const keys = keysUnder(prefix)
  const memory: Memory = { stream: '', floor: 0 }
  const seenEpoch = (epoch: number): number => {
    memory.floor = Math.max(memory.floor, epoch)
    return epoch
  }
  const arrive = arrival(keys, memory, onError)
  const line = openLine({ redis, name: 'heartwire', silenceMs: deadlineMs, arrive, onError })
  const tailLine = openLine({ redis, name: 'heartwire-tail', silenceMs: deadlineMs + lookMs, arrive, onError })
  const listening = followers(onError)
  const tail = tailOf(tailLine, keys, listening, seenEpoch)
  const { connection } = line

  /** Runs `ask` in the stream that we are in; once more where that was another one (null), which changed nothing. */
  const call = async <T>(ask: (stream: string) => Promise<T | null>): Promise<T> => {
    try {
      return await within(deadlineMs, undefined, async (signal) => {
        while (!signal.aborted) {
          const here = await line.arrived()
          const answer = await ask(here.stream)
          line.proven()
          if (answer !== null) return answer
          line.arriveAgain(here)
        }
        throw signal.reason
      })
    } catch (error) {
      throw awayError(error)
    }
  }

  const takeIn = limiters(
    (limit) =>
      new RateLimiterRedis({
        ...limit,
        storeClient: connection,
        keyPrefix: keys.limits + limit.keyPrefix,
        rejectIfRedisNotReady: true,
        // No insurance in memory: each gateway would give out the whole limit. Who asks decides what to do without an answer.
      }),
  )

  let closing: Promise<void> | undefined
  return {
    async append(id, subjects, body) {
      const distinct = distinctSubjects(subjects)
      return call((stream) => {
        const names = [keys.state, keys.log(stream), keys.id(stream, id), ...distinct.map((subject) => keys.subject(stream, subject))]
        return connection.heartwireAppend(names.length, ...names, stream, retentionMs, entriesPerSubject, logEntries, body, ...distinct)
      })
    },
    read: (subject, from, limit) =>
      call(async (stream) => {
        const known = isSeq(from.seq) ? from : { stream: '', seq: 0 }
        const key = keys.subject(stream, subject)
        const page = await connection.heartwireRead(keys.state, key, stream, retentionMs, known.stream, known.seq, limit + 1)
        if (page === null) return null
        const [head, gap, found] = page
        const more = found.length > limit
        const entries = found.slice(0, limit).map(entryOf)
        return { stream, entries, seq: more ? (entries.at(-1)?.seq ?? known.seq) : Number(head), gap: gap === 1, more }
      }),
    head: () =>
      call(async (stream) => {
        const seq = await connection.heartwireHead(keys.state, stream, retentionMs)
        return seq === null ? null : { stream, seq: Number(seq) }
      }),
    epochOf: (user) =>
      call(async (stream) => {
        const [found, ...epochs] = await connection.hmget(keys.state, 'stream', 'born', 'all', `u:${user}`)
        return found === stream ? seenEpoch(Math.max(...epochs.map(Number))) : null
      }),
    revoke: (user) =>
      call(async (stream) => {
        const of = user === null ? '' : `u:${user}`
        const epoch = await connection.heartwireRevoke(keys.state, keys.log(stream), stream, retentionMs, logEntries, of)
        return epoch === null ? null : seenEpoch(Number(epoch))
      }),
    once: (key, ttlMs) => call(async () => (await connection.set(keys.once(key), '', 'PX', Math.ceil(ttlMs), 'NX')) === 'OK'),
    take: (limit, key) => call(() => takeIn(limit, key)),
    follow(follower) {
      const stop = listening.add(follower)
      tail.start()
      return stop
    },
    close() {
      listening.clear()
      closing ??= Promise.all([line.close(1000), tail.close()]).then(() => {})
      return closing
    },
  }
}

function entryOf([id, [, after, , body = '']]: RawEntry): Entry {
  return { seq: Number(id.slice(0, id.indexOf('-'))), after: Number(after), body }
}
