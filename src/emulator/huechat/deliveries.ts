import type { World } from '../provider.ts'
import { idOf, timeOf } from './chance.ts'
import type { Webhook } from './records.ts'
import { signatureHeader, signatureOf } from './signature.ts'

/** One request to a receiver. */
export interface Delivery {
  readonly eventId: string
  readonly type: string
  readonly webhookId: string
  readonly retryCount: number
  /** `event` is the real thing, the others were asked for by a control. */
  readonly kind: 'event' | 'duplicate' | 'replay' | 'forged'
  /** Epoch ms. */
  readonly at: number
  /** The status of the answer; nothing came in time; the connection failed; or nothing has come so far. */
  readonly outcome: number | 'silence' | 'unreachable' | 'pending'
}

/** What is wrong with a forged delivery. `stale` is well signed, one hour ago. */
export type Flaw = 'unsigned' | 'wrong-secret' | 'tampered' | 'stale'

export interface DeliveriesTraits {
  readonly deliver: (request: Request) => Promise<Response>
  readonly organizationId: string
  /** How long an answer may take. */
  readonly deadlineMs: number
  /** The first wait; the n-th is n times as long (`linear`) or 2ⁿ⁻¹ times (`exponential`). */
  readonly retryMs: number
  /** Retries after the first attempt. */
  readonly retries: number
  /** The webhooks as they are now: one that was deleted or switched off gets no further attempt. */
  readonly webhooks: ReadonlyMap<string, Webhook>
}

interface Sent {
  readonly url: string
  readonly body: string
  readonly signature: string | null
}

/** An event on its way to one webhook. */
interface Parcel {
  readonly webhook: Webhook
  readonly event: { readonly id: string; readonly type: string; readonly timestamp: string; readonly data: object }
  retries: number
  last: Sent | null
}

/**
 * Tells the webhooks what happened. First attempts begin in the order of their events; then each goes its own way, and one
 * that is retried holds nobody up. Only a 2xx counts as taken. Numbers and order are ours; HueChat documents the two retry policies by
 * name and `retry_count`.
 */
export class Deliveries {
  readonly log: Delivery[] = []
  readonly counts = { delivered: 0, givenUp: 0 }
  readonly #world: World
  readonly #traits: DeliveriesTraits
  readonly #parcels: Parcel[] = []
  readonly #running = new Set<Promise<unknown>>()
  #packed: Promise<unknown> = Promise.resolve()
  #held: (() => Promise<unknown>)[] | null = null

  constructor(world: World, traits: DeliveriesTraits) {
    this.#world = world
    this.#traits = traits
  }

  /** Sends an event to every active webhook that wants its type. Answers the event's id. */
  publish(type: string, about: object): string {
    const id = idOf(this.#world, 'evt')
    const event = { id, type, timestamp: timeOf(this.#world.now()), data: structuredClone(about) }
    for (const webhook of this.#traits.webhooks.values()) {
      if (!webhook.active || !webhook.events.includes(type)) continue
      const parcel: Parcel = { webhook, event, retries: 0, last: null }
      this.#parcels.push(parcel)
      const run = () => this.#attempt(parcel)
      if (this.#held) this.#held.push(run)
      else this.#track(run())
    }
    return id
  }

  hold(): void {
    this.#held ??= []
  }

  /** Sends what was held, one after the other, and holds no more. */
  release(reversed: boolean): void {
    const held = this.#held ?? []
    this.#held = null
    if (reversed) held.reverse()
    this.#track(held.reduce((before, run) => before.then(run), Promise.resolve<unknown>(null)))
  }

  /** The same bytes once more, old signature included. Answers how many. */
  replay(eventId: string): number {
    const sent = this.#parcels.filter(({ event, last }) => event.id === eventId && last)
    for (const parcel of sent) if (parcel.last) this.#track(this.#post(parcel, 'replay', parcel.last))
    return sent.length
  }

  /** The same event once more, signed anew: what a sender does that lost the answer. Answers how many. */
  duplicate(eventId: string): number {
    const sent = this.#parcels.filter(({ event, last }) => event.id === eventId && last)
    for (const parcel of sent) this.#track(this.#pack(parcel).then((again) => this.#post(parcel, 'duplicate', again)))
    return sent.length
  }

  /** A request to every active webhook that the receiver must refuse. Answers how many. */
  forge(flaw: Flaw, type: string, about: object): number {
    const event = { id: idOf(this.#world, 'evt'), type, timestamp: timeOf(this.#world.now()), data: about }
    const targets = [...this.#traits.webhooks.values()].filter(({ active }) => active)
    for (const webhook of targets) this.#track(this.#forge(flaw, { webhook, event, retries: 0, last: null }))
    return targets.length
  }

  /** Settles when no request is under way. Retries that wait for their time do not count. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #attempt(parcel: Parcel): Promise<void> {
    const { webhook } = parcel
    if (!this.#wanted(webhook)) return
    parcel.last = await this.#pack(parcel)
    const outcome = await this.#post(parcel, 'event', parcel.last)
    if (typeof outcome === 'number' && outcome >= 200 && outcome < 300) return void this.counts.delivered++
    if (parcel.retries >= this.#traits.retries || !this.#wanted(webhook)) return void this.counts.givenUp++
    const wait = this.#traits.retryMs * (webhook.retry_policy === 'linear' ? parcel.retries + 1 : 2 ** parcel.retries)
    parcel.retries++
    this.#world.timer(() => this.#track(this.#attempt(parcel)), wait)
  }

  #wanted({ id, active }: Webhook): boolean {
    return active && this.#traits.webhooks.has(id)
  }

  /** One after the other, so that requests begin in the order of their events however long a signature takes. */
  #pack(parcel: Parcel, at = this.#world.now()): Promise<Sent> {
    const { webhook, event, retries } = parcel
    const { id, type, timestamp, data } = event
    const body = JSON.stringify({ id, type, timestamp, retry_count: retries, data, organization_id: this.#traits.organizationId })
    const sign = async () => ({ url: webhook.url, body, signature: await signatureOf(webhook.signing_secret, body, at) })
    const packed = this.#packed.then(sign)
    this.#packed = packed
    return packed
  }

  async #forge(flaw: Flaw, parcel: Parcel): Promise<void> {
    const now = this.#world.now()
    const good = await this.#pack(parcel, flaw === 'stale' ? now - 3_600_000 : now)
    const forged: Record<Flaw, Partial<Sent>> = {
      unsigned: { signature: null },
      'wrong-secret': { signature: await signatureOf('whsec_of_somebody_else', good.body, now) },
      tampered: { body: good.body.replace(this.#traits.organizationId, 'org_of_somebody_else') },
      stale: {},
    }
    await this.#post(parcel, 'forged', { ...good, ...forged[flaw] })
  }

  async #post({ webhook, event, retries }: Parcel, kind: Delivery['kind'], { url, body, signature }: Sent): Promise<Delivery['outcome']> {
    const at = this.#world.now()
    const entry = { eventId: event.id, type: event.type, webhookId: webhook.id, retryCount: retries, kind, at }
    const place = this.log.push({ ...entry, outcome: 'pending' }) - 1
    const headers = { 'content-type': 'application/json', ...(signature !== null && { [signatureHeader]: signature }) }
    const deadline = new AbortController()
    const outcome = await new Promise<Delivery['outcome']>((resolve) => {
      const cancel = this.#world.timer(() => {
        resolve('silence')
        deadline.abort()
      }, this.#traits.deadlineMs)
      const answered = (result: Delivery['outcome']) => {
        cancel()
        resolve(result)
      }
      const request = new Request(url, { method: 'POST', headers, body, redirect: 'manual', signal: deadline.signal })
      // In a function of its own, so that one that throws at once counts as unreachable too.
      const deliver = async () => this.#traits.deliver(request)
      deliver().then(
        (response) => {
          response.body?.cancel().catch(() => {})
          answered(response.status)
        },
        () => answered('unreachable'),
      )
    })
    this.log[place] = { ...entry, outcome }
    return outcome
  }

  #track(run: Promise<unknown>): void {
    // Nothing in a run throws but a fault of the emulator itself, which may then be loud.
    const tracked = run.finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }
}
