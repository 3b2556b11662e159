import type { Deployment } from './deployment.ts'
import type { Visitor } from './visitor.ts'

/** What the senders told, and to whom. */
export type Told = Map<string, readonly string[]>

/** Everybody of the visitors' users, or some neighbours. */
export function audiences(visitors: readonly Visitor[]): (n: number) => readonly string[] {
  const users = [...new Set(visitors.map(({ user }) => user))]
  return (n) => Array.from({ length: Math.min(3, users.length) }, (_, k) => users[(n * 7 + k) % users.length]!)
}

/** Tells so many events, a few at once from each sender. Resolves when each was tried; what failed is sent again by itself. */
export async function tellMany(
  { senders, watch }: Deployment,
  events: number,
  to: (n: number) => readonly string[],
  told: Told,
): Promise<void> {
  let n = 0
  const lanes = senders.flatMap((sender) => Array.from({ length: 6 }, () => sender))
  await Promise.all(
    lanes.map(async (sender) => {
      while (n < events) {
        const users = to(n++)
        const id = sender.tell(users)
        told.set(id, users)
        await watch.until('an answer or a failure', () => sender.taken.has(id) || sender.failed.has(id), 30_000)
      }
    }),
  )
}

/** Tells everybody one last event, and waits for it everywhere: nothing older comes after it. Resolves with the ms that it took. */
export async function tellLast({ senders, watch }: Deployment, visitors: readonly Visitor[], told: Told, limitMs: number): Promise<number> {
  const open = (): string[] => [...told.keys()].filter((id) => !senders.some(({ taken }) => taken.has(id)))
  await watch.until(
    'every event is taken',
    () => open().length === 0,
    limitMs,
    () => `${open().length} of ${told.size} are not`,
  )
  const users = [...new Set(visitors.map(({ user }) => user))]
  const last = senders[0]!.tell(users)
  told.set(last, users)
  return watch.until(
    'everybody heard the last event',
    () => visitors.every(({ heard }) => heard.includes(last)),
    limitMs,
    () => JSON.stringify(visitors.filter(({ heard }) => !heard.includes(last)).map(({ session, user }) => [user, session.status])),
  )
}

/** Each event exactly once at each page of its users, and in the same order at all pages of one user. */
export function delivered(visitors: readonly Visitor[], told: Told): { holds: boolean; text: string } {
  let [due, lost, repeated, strange] = [0, 0, 0, 0]
  const orders = new Map<string, Set<string>>()
  for (const { user, heard } of visitors) {
    const mine = new Set([...told].flatMap(([id, users]) => (users.includes(user) ? [id] : [])))
    const once = new Set(heard)
    due += mine.size
    lost += [...mine].filter((id) => !once.has(id)).length
    repeated += heard.length - once.size
    strange += [...once].filter((id) => !mine.has(id)).length
    orders.set(user, (orders.get(user) ?? new Set()).add(heard.join()))
  }
  const disordered = [...orders.values()].filter(({ size }) => size > 1).length
  return {
    holds: due > 0 && lost + repeated + strange + disordered === 0,
    text: `${due} deliveries: ${lost} lost, ${repeated} repeated, ${strange} to others; ${disordered} users with two orders`,
  }
}
