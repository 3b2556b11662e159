import type { Deployment } from './deployment.ts'
import { closeCode, leaseOf } from './raw-lease.ts'
import type { Report, Scale } from './stories.ts'
import { audiences, delivered, tellLast, tellMany } from './telling.ts'
import type { Told } from './telling.ts'
import { gapsOf, isConnected, isPaused } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void (ms > 0 ? setTimeout(resolve, ms) : resolve()))

/** Redis, with its append-only file, is killed and comes back soon. */
export async function restart(deployment: Deployment, { users, events, shortMs }: Scale, report: Report): Promise<void> {
  const { redis, senders, watch } = deployment
  const { onA, onB } = await deployment.visit(users)
  const visitors = [...onA, ...onB]
  const told: Told = new Map()
  const all = tellMany(deployment, events, audiences(visitors), told)
  await watch.until('a third is taken', () => senders.reduce((sum, { taken }) => sum + taken.size, 0) > events / 3, 60_000)
  const before = visitors.map(({ statuses }) => statuses.length)
  const killedAt = performance.now()
  await redis.kill()
  await watch.until('a webhook is refused', () => senders.some(({ failed }) => failed.size > 0), 10_000)
  await sleep(shortMs)
  await redis.restart()
  const awayMs = Math.round(performance.now() - killedAt)
  const here = new Set(told.keys())
  const lastMs = await all.then(() => tellLast(deployment, visitors, told, 60_000))
  const { holds, text } = delivered(visitors, told)
  const disturbed = visitors.filter(({ statuses }, at) => statuses.slice(before[at]).some(({ name }) => name !== 'connected')).length
  report(disturbed === 0, `Redis (append-only) killed for ${awayMs} ms: ${disturbed} of ${visitors.length} sessions were disconnected`)
  report(holds && gapsOf(visitors) === 0, `${text}; gaps: ${gapsOf(visitors)}`)
  report(told.size > here.size, `events after the restart: ${told.size - here.size}; the last one arrived everywhere after ${lastMs} ms`)
}

/** Redis, with its append-only file, is away longer than a right is trusted without a look. */
export async function outage(deployment: Deployment, { users, events, longMs }: Scale, report: Report): Promise<void> {
  const { redis, watch } = deployment
  const { onA, onB } = await deployment.visit(users)
  const visitors = [...onA, ...onB]
  const told: Told = new Map()
  await tellMany(deployment, events, audiences(visitors), told)
  await redis.kill()
  const killedAt = performance.now()
  // Told while nobody can take it; the senders go on trying.
  const meanwhile = tellMany(deployment, 50, audiences(visitors), told)
  await watch.until(
    'all paused',
    () => visitors.every((visitor) => isPaused(visitor, 'expired', 'unavailable')),
    longMs,
    () => JSON.stringify(visitors.map(({ session }) => session.status)),
  )
  const pausedMs = Math.round(performance.now() - killedAt)
  report(
    pausedMs >= 14_000,
    `Redis (append-only) killed: all ${visitors.length} sessions paused (expired, unavailable) after ${pausedMs} ms`,
  )
  await sleep(longMs - (performance.now() - killedAt))
  await redis.restart()
  const awayMs = Math.round(performance.now() - killedAt)
  const backMs = await watch.until('all back', () => visitors.every(isConnected), 90_000)
  report(true, `restarted after ${awayMs} ms: all sessions connected again by themselves, the last one ${backMs} ms later`)
  await meanwhile
  const lastMs = await tellLast(deployment, visitors, told, 90_000)
  const { holds, text } = delivered(visitors, told)
  report(holds && gapsOf(visitors) === 0, `${text}; gaps: ${gapsOf(visitors)}; the last event was everywhere after ${lastMs} ms`)
}

/** Redis keeps nothing on disk, and is killed. */
export async function loss(deployment: Deployment, { users, events }: Scale, report: Report): Promise<void> {
  const { gateways, ports, redis, watch } = deployment
  const { onA, onB } = await deployment.visit(users)
  const since = Date.now()
  const banned = await deployment.visit(1, 'banned-', since)
  const outsiders = [...banned.onA, ...banned.onB]
  const visitors = [...onA, ...onB]
  const told: Told = new Map()
  await tellMany(deployment, events, audiences(visitors), told)
  await tellLast(deployment, visitors, told, 60_000)
  const old = await leaseOf(deployment, outsiders[0]!.user, Date.now())
  await gateways.a.ask({ is: 'revoke', user: outsiders[0]!.user })
  const isOut = (visitor: Visitor): boolean => isPaused(visitor, 'refused', 'revoked')
  await watch.until('the banned one is out', () => outsiders.every(isOut), 10_000)

  const ofOthers = await leaseOf(deployment, visitors[0]!.user, Date.now())
  await redis.kill()
  await redis.restart()
  const gapMs = await watch.until(
    'a gap at everybody',
    () => gapsOf(visitors) === visitors.length,
    60_000,
    () => `${gapsOf(visitors)} of ${visitors.length}`,
  )
  report(true, `Redis lost everything: a gap was told to all ${visitors.length} sessions, to the last after ${gapMs} ms`)
  await watch.until('all connected', () => visitors.every(isConnected), 60_000)
  for (const visitor of visitors) visitor.anew()
  const after: Told = new Map()
  await tellMany(deployment, events, audiences(visitors), after)
  await tellLast(deployment, visitors, after, 60_000)
  const { holds, text } = delivered(visitors, after)
  report(holds && gapsOf(visitors) === 0, `afterwards ${text}; gaps: ${gapsOf(visitors)}`)

  const codes = await Promise.all([old, ofOthers].flatMap((shown) => [closeCode(ports.a, shown), closeCode(ports.b, shown)]))
  report(
    codes.every((code) => code === 4102),
    `leases of before, of the revoked user and of another, are refused at A and B: ${codes.join(', ')}`,
  )
  for (const { session } of outsiders) session.resume()
  const beganAt = outsiders.map(({ statuses }) => statuses.length)
  await watch.until('asked again', () => outsiders.every(({ statuses }, at) => statuses.length > beganAt[at]!), 30_000)
  await watch.until('refused again', () => outsiders.every(isOut), 30_000)
  const wasIn = outsiders.some(({ statuses }) =>
    statuses.slice(statuses.findIndex(({ name }) => name === 'paused')).some(({ name }) => name === 'connected'),
  )
  report(!wasIn, `the user revoked before asked for a new lease: still paused (refused, revoked)`)
}
