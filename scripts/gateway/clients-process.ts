/** Thousands of clients in one process, one for each user; keeps account of every event that they are due. */
import { createLeases } from '../../src/server/lease/lease.ts'
import { memoryStore } from '../../src/server/store/memory.ts'
import { serveOrders, settings } from './child.ts'
import { openClient } from './client.ts'
import { audience, audienceOf, audienceSize, clock, keyId, userName } from './orders.ts'
import type { Account, ClientsOrder, ClientsSettings, ClientsState } from './orders.ts'

const { ports, clients, leaseSecret } = settings() as ClientsSettings
const leases = createLeases({ keys: [{ kid: keyId, secret: leaseSecret }], audience, store: memoryStore() })

/** By event: how often each of its users heard it. */
let heard = new Map<number, Map<string, number>>()
let latencies: number[] = []
let ready = 0
let events = 0
let renewals = 0
let gaps = 0
const closes: Record<string, number> = {}
let whenReady = (): void => {}

const crowd = {
  ports,
  sign: (user: string) => leases.sign({ user, scopes: ['conversations:read'], epoch: Date.now(), lifetimeSeconds: 120 }),
  heard(at: number, event: unknown) {
    const { n, at: toldAt } = event as { n: number; at: number }
    latencies.push(clock() - toldAt)
    events++
    const users = heard.get(n) ?? new Map<string, number>()
    heard.set(n, users.set(userName(at), (users.get(userName(at)) ?? 0) + 1))
  },
  ready(by: 1 | -1) {
    ready += by
    if (ready === clients) whenReady()
  },
  closed: (code: number) => void (closes[code] = (closes[code] ?? 0) + 1),
  renewed: () => void renewals++,
  gap: () => void gaps++,
}

function open(overMs: number): Promise<void> {
  for (let at = 0; at < clients; at++) setTimeout(() => openClient(crowd, at, userName(at)), (at / clients) * overMs)
  return new Promise((resolve) => (whenReady = resolve))
}

function account({ from, events: count, refused }: Extract<ClientsOrder, { is: 'account' }>): Account {
  const not = new Set(refused)
  let [due, lost, repeated] = [0, 0, 0]
  for (let n = from; n < from + count; n++) {
    const users = heard.get(n)
    for (const user of audienceOf(n, clients)) {
      const times = users?.get(user) ?? 0
      if (!not.has(n)) {
        due++
        if (times === 0) lost++
      }
      repeated += Math.max(0, times - 1)
    }
    if ((users?.size ?? 0) > audienceSize) repeated++
  }
  const sorted = latencies.sort((one, other) => one - other)
  const at = (part: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0) * 10) / 10
  heard = new Map()
  latencies = []
  return { due, lost, repeated, p50: at(0.5), p99: at(0.99), max: at(1) }
}

serveOrders((asked) => {
  const order = asked as ClientsOrder
  switch (order.is) {
    case 'open':
      return open(order.overMs)
    case 'state':
      return { ready, heard: events, closes, renewals, gaps } satisfies ClientsState
    case 'account':
      return account(order)
    default:
      return order satisfies never
  }
})
