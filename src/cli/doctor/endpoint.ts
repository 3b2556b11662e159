import { within } from '../../server/deadline.ts'
import { readCapped } from '../../server/read-capped.ts'
import type { Discretion } from '../discretion.ts'
import type { Terminal } from '../terminal.ts'
import { failureOf } from './failure.ts'
import type { Failure } from './failure.ts'

/** What differs from the request that a page makes. */
export interface Ask {
  /** Default: POST. */
  readonly method?: string
  /** `null` takes a header away. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** Default: `{"reason":"connect","attempt":0}`. */
  readonly body?: string
  /** Without the user's own headers: a caller whom the endpoint does not know. */
  readonly anonymous?: boolean
}

export interface Answer {
  readonly is: 'answer'
  readonly status: number
  readonly headers: Headers
  /** At most 64 KiB; empty where there was more. */
  readonly text: string
  /** The body, if it is a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
  /** `access_token`, if this answer gave one out. */
  readonly token: string | undefined
}

/** The developer's token endpoint, as the checks ask it. */
export interface Endpoint {
  readonly url: URL
  /** The page's. */
  readonly origin: string
  /** Whether the user gave headers that say who asks. */
  readonly known: boolean
  /** Every answer so far. */
  readonly answers: readonly Answer[]
  /** Requests so far. */
  readonly requests: number
  /** Answer or failure, within the deadline. Redirects are not followed. */
  ask(change?: Ask): Promise<Answer | Failure>
}

export interface EndpointOptions extends Pick<Terminal, 'fetch'> {
  readonly url: URL
  readonly origin: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly discretion: Discretion
  readonly deadlineMs: number
}

const maxBytes = 64 * 1024

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { url, origin, discretion, deadlineMs } = options
  const answers: Answer[] = []
  let requests = 0

  const send = async (change: Ask, signal: AbortSignal): Promise<Answer> => {
    const { method = 'POST', body = '{"reason":"connect","attempt":0}' } = change
    // A connection each: one that the server has just closed would look like an answer that did not come.
    const own = { connection: 'close', origin }
    const headers = new Headers({ ...own, 'content-type': 'application/json', 'x-heartwire': '1', accept: 'application/json' })
    if (!change.anonymous) {
      for (const [name] of options.headers) headers.delete(name)
      for (const [name, value] of options.headers) headers.append(name, value)
    }
    for (const [name, value] of Object.entries(change.headers ?? {})) {
      if (value === null) headers.delete(name)
      else headers.set(name, value)
    }
    const carries = method === 'POST'
    const response = await options.fetch(url, { method, headers, redirect: 'manual', signal, ...(carries && { body }) })
    // A body that is cut or is no text is a body without content: the status is what counts then.
    const text = (await readCapped(response, maxBytes, signal).catch(() => '')) ?? ''
    const json = objectIn(text)
    const token = response.ok && typeof json?.['access_token'] === 'string' ? json['access_token'] : undefined
    return { is: 'answer', status: response.status, headers: response.headers, text, json, token }
  }

  return {
    url,
    origin,
    known: options.headers.length > 0,
    answers,
    get requests() {
      return requests
    },
    async ask(change = {}) {
      requests++
      try {
        const answer = await within(deadlineMs, undefined, (signal) => send(change, signal))
        for (const name of ['access_token', 'handle']) {
          const value = answer.json?.[name]
          if (typeof value === 'string') discretion.keep(value)
        }
        answers.push(answer)
        return answer
      } catch (error) {
        return failureOf(error)
      }
    },
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** How an answer is spoken of: by its status, and by its code if that is one word. */
export function spoken(answer: Answer): string {
  const code = answer.json?.['error']
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? `${answer.status} ${code}` : String(answer.status)
}
