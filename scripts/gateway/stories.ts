import { deploy } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import { closeCode, leaseOf } from './raw-lease.ts'
import { loss, outage, restart } from './stories-redis.ts'
import { audiences, delivered, tellLast, tellMany } from './telling.ts'
import type { Told } from './telling.ts'
import { gapsOf, isConnected, isPaused } from './visitor.ts'
import type { Visitor } from './visitor.ts'

/** Says what was found, and whether it is as it must be. */
export type Report = (holds: boolean, text: string) => void

export interface Scale {
  readonly users: number
  readonly events: number
  /** How long Redis is away in a short and in a long outage, in ms. */
  readonly shortMs: number
  readonly longMs: number
}

export const scales = {
  quick: { users: 6, events: 150, shortMs: 0, longMs: 20_000 },
  long: { users: 40, events: 1500, shortMs: 8_000, longMs: 25_000 },
} as const satisfies Record<string, Scale>

type Story = (program: string, scale: Scale, report: Report) => Promise<void>

/** A is killed in the middle of a stream of webhooks. */
async function crash(deployment: Deployment, { users, events }: Scale, report: Report): Promise<void> {
  const { gateways, senders, watch } = deployment
  const { onA, onB } = await deployment.visit(users)
  const [a, b] = await Promise.all(connections(deployment))
  report(a === users && b === users, `sessions: ${a} on A, ${b} on B`)
  const told: Told = new Map()

  const first = senders[0]!.tell([onB[0]!.user])
  told.set(first, [onB[0]!.user])
  const acrossMs = await watch.until('from A to B', () => onB[0]!.heard.includes(first), 10_000)
  report(true, `a webhook posted to A reaches a session on B: ${acrossMs} ms`)

  const all = tellMany(deployment, events, audiences(onA), told)
  const count = (): number => senders.reduce((sum, { taken }) => sum + taken.size, 0)
  const underWay = (): number => senders.reduce((sum, sender) => sum + sender.underWay, 0)
  await watch.until('a third is taken', () => count() > events / 3 && underWay() > 2, 60_000)
  // The answers to some are lost on their way: kept, and no 2xx.
  deployment.webhooks.loseAnswers()
  const isTaken = (id: string): boolean => senders.some(({ taken }) => taken.has(id))
  await watch.until('one is kept without a 2xx', () => onB.some(({ heard }) => heard.some((id) => !isTaken(id))), 30_000)
  const [taken, inFlight] = [count(), underWay()]
  const before = onA.map(({ statuses }) => statuses.length)
  const killedAt = performance.now()
  await gateways.a.kill('SIGKILL')
  report(taken < events && inFlight > 0, `A killed (-9) when ${taken} of ${events} webhooks had got 2xx and ${inFlight} were in flight`)
  await watch.until(
    'those of A are back',
    () => onA.every((visitor, at) => isConnected(visitor) && visitor.statuses.length > before[at]!),
    30_000,
  )
  const backMs = Math.round(performance.now() - killedAt)
  await all
  const lastMs = await tellLast(deployment, [...onA, ...onB], told, 60_000)
  const again = senders.reduce((sum, { failed }) => sum + failed.size, 0)
  const known = senders.reduce((sum, sender) => sum + sender.known.size, 0)
  report(
    known > 0 && again >= known,
    `sent again with the same id: ${again} events; of these A had kept ${known} before it died, which were not repeated`,
  )
  for (const [name, visitors] of [
    ['on A', onA],
    ['on B', onB],
  ] as const) {
    const { holds, text } = delivered(visitors, told)
    report(holds && gapsOf(visitors) === 0, `sessions that were ${name}: ${text}; gaps: ${gapsOf(visitors)}`)
  }
  report(true, `those of A were back at B within ${backMs} ms; the last event was everywhere after ${lastMs} ms`)
}

async function connectionsOf({ gateways }: Deployment, name: 'a' | 'b'): Promise<number> {
  return (await gateways[name].ask<{ connections: number }>({ is: 'measure' })).connections
}
const connections = (deployment: Deployment): Promise<number>[] => [connectionsOf(deployment, 'a'), connectionsOf(deployment, 'b')]

/** A right is withdrawn at A, while Redis refuses every command of pub/sub. */
async function revoke(deployment: Deployment, { users }: Scale, report: Report): Promise<void> {
  const { admin, gateways, ports, watch } = deployment
  // Rights begin to count with the store's first moment.
  await deployment.visit(1, 'early-')
  const began = Date.now()
  const { onA, onB } = await deployment.visit(users, '', began)
  const channels = (await admin.pubsub('CHANNELS')) as string[]
  const patterns = await admin.pubsub('NUMPAT')
  const used = (await admin.info('commandstats')).split('\n').filter((line) => /^cmdstat_\w*(publish|subscribe)/.test(line))
  report(
    channels.length === 0 && Number(patterns) === 0 && used.length === 0,
    `pub/sub: ${channels.length} channels, ${String(patterns)} patterns, ${used.length} of its commands ever used`,
  )
  await admin.call('ACL', 'SETUSER', 'default', 'resetchannels', '-@pubsub', '-@dangerous', '+info')
  const blocked = await admin.call('PUBLISH', 'x', 'y').then(
    () => 'taken',
    (error: Error) => error.message,
  )
  report(/NOPERM/.test(blocked), `from here on Redis drops all of pub/sub: PUBLISH is answered with ${blocked.slice(0, 6)}`)

  const victim = onA[0]!.user
  const old = await leaseOf(deployment, victim, began)
  const before = await Promise.all([closeCode(ports.a, old), closeCode(ports.b, old)])
  const asked = performance.now()
  await gateways.a.ask({ is: 'revoke', user: victim })
  const out = ({ user }: Visitor): boolean => user === victim
  const ms = async (visitor: Visitor): Promise<number> => {
    await watch.until(
      'revoked',
      () => isPaused(visitor, 'refused', 'revoked'),
      10_000,
      () => JSON.stringify(visitor.session.status),
    )
    return Math.round(performance.now() - asked)
  }
  const [atA, atB] = await Promise.all([ms(onA.find(out)!), ms(onB.find(out)!)])
  report(atA <= 5000 && atB <= 5000, `revoked at A: paused (refused, revoked) at A after ${atA} ms, at B after ${atB} ms (at most 5000)`)
  const after = await Promise.all([closeCode(ports.a, old), closeCode(ports.b, old)])
  report(
    before.every((code) => code === 1000) && after.every((code) => code === 4102),
    `its lease: ${before.join(' and ')} at A and B before, ${after.join(' and ')} after`,
  )
  const others = [...onA, ...onB].filter((visitor) => !out(visitor))
  report(
    others.every(isConnected) && others.every(({ statuses }) => statuses.length <= 2),
    `${others.length} sessions of others: undisturbed`,
  )

  await gateways.b.ask({ is: 'revoke', user: null })
  const allMs = await watch.until('all revoked', () => [...onA, ...onB].every((visitor) => isPaused(visitor, 'refused', 'revoked')), 10_000)
  report(allMs <= 5000, `everybody revoked at B: the last session was paused after ${allMs} ms`)
}

const appendOnly = ['--appendonly', 'yes']

const on =
  (redis: readonly string[], tell: (deployment: Deployment, scale: Scale, report: Report) => Promise<void>): Story =>
  async (program, scale, report) => {
    const deployment = await deploy({ program, redis })
    try {
      await tell(deployment, scale, report)
    } finally {
      await deployment.close()
    }
  }

/** Each on two gateways and a Redis of its own. */
export const stories = {
  crash: on([], crash),
  revoke: on([], revoke),
  restart: on(appendOnly, restart),
  outage: on(appendOnly, outage),
  loss: on([], loss),
} satisfies Record<string, Story>
