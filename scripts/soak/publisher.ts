/** Tells the users of the gateways numbered events: each user's next one only after the one before is kept. */
import type { House } from './house.ts'
import type { PublishedEvent } from './orders.ts'

export interface Publisher {
  /** By user: the last event that is kept. */
  readonly kept: ReadonlyMap<string, number>
  /** No new events; resolves when each user has been told one last event that is kept. */
  finish(): Promise<void>
}

const everyMs = 1_000

export function startPublisher(users: readonly string[], house: House): Publisher {
  const { a, b } = house.servers
  const kept = new Map<string, number>()
  /** Those that are not known to be kept, by user: they are told again, with the same id. */
  const open = new Map<string, PublishedEvent>()
  let turn = 0
  let isBusy = false

  const round = async (of: readonly string[]): Promise<void> => {
    if (isBusy) return
    isBusy = true
    for (const user of of) {
      if (open.has(user)) continue
      const n = (kept.get(user) ?? 0) + 1
      open.set(user, { id: `${user}-${n}`, user, n })
    }
    const events = [...open.values()]
    const server = turn++ % 2 === 0 ? a : b
    const ids = (await within(server.ask<string[]>({ is: 'publish', events }))) ?? []
    for (const id of ids) {
      const event = events.find((one) => one.id === id)!
      open.delete(event.user)
      kept.set(event.user, event.n)
    }
    isBusy = false
  }
  const timer = setInterval(() => void round(users.filter((_, at) => at % 2 === turn % 2)), everyMs)

  return {
    kept,
    async finish() {
      clearInterval(timer)
      while (isBusy) await pause(50)
      const before = new Map(kept)
      for (let tries = 0; tries < 100 && users.some((user) => kept.get(user) === before.get(user)); tries++) {
        await round(users.filter((user) => kept.get(user) === before.get(user)))
        await pause(50)
      }
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** A gateway that is about to end may never answer. */
async function within<T>(answer: Promise<T | null>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), 5_000)))
  const first = await Promise.race([answer, late])
  clearTimeout(timer)
  return first
}
