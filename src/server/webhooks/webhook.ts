import { DeadlineError, within } from '../deadline.ts'
import { readCapped } from '../read-capped.ts'
import { pack } from '../store/parcel.ts'
import type { Store } from '../store/store.ts'

/** What a provider told a webhook, after its signature was checked. */
export interface Told<Event = unknown> {
  /** The provider's own id of the event: the same id again is the same event. */
  readonly id: string
  readonly event: Event
  /** The scope that a lease must have to see it. Default: none. */
  readonly scope?: string
  /** Something that never comes twice from the provider itself, such as the signature: the same bytes again are a replay. */
  readonly nonce?: string
}

export type WebhookRefusal = 'unsigned' | 'forged' | 'stale' | 'malformed'

/** One provider's webhooks. A description: how they are signed, how they read, and who may hear of them. */
export interface WebhookSource<Event = unknown> {
  /** Checks signature and age by `now` (epoch ms) and reads the body, or says what is wrong. */
  read(headers: Headers, body: string, now: number): Promise<Told<Event> | WebhookRefusal>
  /** The users who hear of it; none: nobody. */
  audience(event: Event): readonly string[] | Promise<readonly string[]>
}

const bytesAtMost = 256 * 1024
const bodyMs = 5_000
const replayMs = 600_000

const answer = (status: number, body: object): Response => Response.json(body, { status, headers: { 'cache-control': 'no-store' } })

const statusOf: Readonly<Record<WebhookRefusal, number>> = { unsigned: 401, forged: 401, stale: 401, malformed: 400 }

export interface ReceiverOptions {
  readonly source: WebhookSource
  readonly store: Store
  readonly now: () => number
  readonly report: (error: unknown) => void
  /** Names the provider in the store: ids of two providers do not meet. */
  readonly name: string
}

/**
 * Receives a provider's webhooks. A 2xx says that the event is kept, or was before: from then on it reaches its audience
 * whatever happens to this process. Anything else asks the provider to send it again, except for what is no webhook of his.
 */
export function webhookReceiver({ source, store, now, report, name }: ReceiverOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'POST') return answer(405, { error: 'method' })
    let body: string | undefined
    try {
      body = await within(bodyMs, request.signal, (signal) => readCapped(request, bytesAtMost, signal))
    } catch (error) {
      return answer(error instanceof DeadlineError ? 408 : 400, { error: 'malformed' })
    }
    if (body === undefined) return answer(413, { error: 'too_long' })
    try {
      const told = await source.read(request.headers, body, now())
      if (typeof told === 'string') return answer(statusOf[told], { error: told })
      const json = jsonOf(told.event)
      // Signed or not: sent again it would be the same.
      if (json === undefined) return answer(400, { error: 'malformed' })
      const users = await source.audience(told.event)
      // A single name is iterable too: each of its letters would be a user.
      if (!Array.isArray(users)) throw new TypeError('audience: a list of users is needed')
      if (users.length === 0) return answer(200, { status: 'nobody' })
      const parcel = pack({ scope: told.scope ?? '', json })
      const kept = await store.append(`${name}/${told.id}`, users, parcel)
      const first = told.nonce === undefined || (await store.once(`webhook/${name}/${told.nonce}`, replayMs))
      if (kept === 'duplicate' && !first) return answer(409, { error: 'replayed' })
      return answer(200, { status: kept })
    } catch (error) {
      report(error)
      return answer(503, { error: 'unavailable' })
    }
  }
}

/** Undefined: nested too deeply to be written. */
function jsonOf(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
