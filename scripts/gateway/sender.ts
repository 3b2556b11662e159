import { createHuechat } from '../../src/emulator/huechat.ts'
import type { Watch } from './watch.ts'

/** A provider that tells webhooks what happened, signed, and again and again until it is taken. */
export interface Sender {
  readonly signingSecret: string
  /** Tells an event to these users of the application; answers its id. */
  tell(users: readonly string[]): string
  /** Ids of the events that got a 2xx. */
  readonly taken: ReadonlySet<string>
  /** Attempts without a 2xx, by id. */
  readonly failed: ReadonlyMap<string, number>
  /** Events that a gateway said it had already, though no 2xx for them had come through. */
  readonly known: ReadonlySet<string>
  /** Requests without an answer so far. */
  readonly underWay: number
}

export interface SenderOptions {
  /** Where webhooks go. */
  readonly url: string
  /** The wait after the n-th failure is n times this, in ms. */
  readonly retryMs: number
  readonly watch: Watch
}

export async function sender({ url, retryMs, watch }: SenderOptions): Promise<Sender> {
  const taken = new Set<string>()
  const failed = new Map<string, number>()
  const known = new Set<string>()
  let underWay = 0

  const deliver = async (request: Request): Promise<Response> => {
    const { id } = (await request.clone().json()) as { id: string }
    underWay++
    let took = false
    try {
      const response = await fetch(request)
      const { status } = (await response.clone().json()) as { status?: string }
      took = response.ok
      if (took && status === 'duplicate') known.add(id)
      return response
    } finally {
      underWay--
      if (took) taken.add(id)
      else failed.set(id, (failed.get(id) ?? 0) + 1)
      watch.look()
    }
  }

  const huechat = createHuechat({ deliver, webhookRetryMs: retryMs, webhookRetries: 1000 })
  const made = await huechat.fetch(
    new Request('http://localhost/v2/webhooks', {
      method: 'POST',
      headers: { authorization: `Bearer ${huechat.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url, events: ['message.received'], retry_policy: 'linear' }),
    }),
  )
  const { signing_secret } = (await made.json()) as { signing_secret: string }
  return {
    signingSecret: signing_secret,
    tell: (users) => huechat.sendEvent('message.received', { users }),
    taken,
    failed,
    known,
    get underWay() {
      return underWay
    },
  }
}
