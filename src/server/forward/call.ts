import { MintError } from '../mint-error.ts'
import { isJson, jsonOf, reachUpstream, retryAfterOf } from '../mint/upstream.ts'
import { within } from '../deadline.ts'
import { readCapped } from '../read-capped.ts'
import { commonHeaders, ForwardError, scrub, statusFor, told } from './answers.ts'
import type { Match } from './route-table.ts'
import type { Outcome } from './turns.ts'
import type { Credential, Upstream } from './upstream.ts'

/** One call, ready to be sent with any credential. */
export interface Call extends Match {
  /** `?…`, or empty. */
  readonly query: string
  readonly body: string
}

export interface CallOptions {
  readonly deadlineMs: number
  readonly signal: AbortSignal
  /** Hears what the provider answered, before it is judged. */
  readonly heard: (outcome: Outcome) => void
}

/** A provider's answer to a page, of at most so many bytes. */
const maxAnswerBytes = 10 * 1024 * 1024

/**
 * Sends one call. None of the page's headers go on; none of the provider's come back but its type and its request id.
 * An answer's body is passed on as it comes, so that a long list costs no memory; it is cut off after 10 MiB, or when
 * nothing comes for as long as the deadline.
 *
 * @throws MintError for everything but a 2xx of JSON
 */
export function sendCall(upstream: Upstream, credential: Credential, call: Call, options: CallOptions): Promise<Response> {
  const { route, path, query, body } = call
  const { deadlineMs, signal, heard } = options
  const headers = { accept: 'application/json', ...(body !== '' && { 'content-type': 'application/json' }), ...credential.headers }
  const fetching = { deadlineMs, signal, ...(upstream.fetch && { fetch: upstream.fetch }) }
  const request = { method: route.method, headers, body: body === '' ? undefined : body }
  return reachUpstream(credential.base + path + query, request, fetching, async (response, signal) => {
    const { status } = response
    const retryAfter = retryAfterOf(response.headers)
    heard({ status, headers: response.headers, retryAfter })
    if (status < 200 || status >= 300) throw refusalOf(upstream, credential, status, await jsonOf(response, signal), retryAfter)
    return passOn(upstream, credential, call, response, { idleMs: deadlineMs, signal })
  })
}

function refusalOf(upstream: Upstream, { whose, secrets }: Credential, status: number, json: unknown, retryAfter?: number): MintError {
  const { code: read, message, reason } = upstream.refusal(status, json)
  const code = read === 'key_refused' && whose === 'caller' ? 'rejected' : read
  const said = scrub(message, secrets)
  const parts = told(code, {
    status: statusFor(code, status),
    upstreamStatus: status,
    // A refused key has no time to wait for; an outage of theirs is told in our words.
    ...((code === 'quota' || code === 'unavailable') && { retryAfter }),
    ...(code !== 'unavailable' && said !== undefined && { message: said }),
    reason,
  })
  return new ForwardError(parts, [`${upstream.name} answered ${status}`, reason, said].filter(Boolean).join(': '))
}

interface Reading {
  readonly idleMs: number
  readonly signal: AbortSignal
}

async function passOn(
  upstream: Upstream,
  { secrets }: Credential,
  { route }: Call,
  response: Response,
  reading: Reading,
): Promise<Response> {
  const { status, headers, body } = response
  const out = new Headers(commonHeaders)
  const requestId = headers.get('x-request-id') ?? ''
  if (/^[\w.:-]{1,128}$/.test(requestId) && scrub(requestId, secrets) === requestId) out.set('x-request-id', requestId)
  if (status === 204 || status === 205 || body === null || headers.get('content-length') === '0') {
    void body?.cancel().catch(() => {})
    return new Response(null, { status: body === null && status !== 205 ? status : 204, headers: out })
  }
  if (!isJson(headers)) {
    void body.cancel().catch(() => {})
    // A page of theirs under our own origin would be ours.
    throw unusable(upstream, status, 'something else than JSON')
  }
  out.set('content-type', 'application/json')
  if (route.hides === undefined) return new Response(capped(body, reading.idleMs), { status, headers: out })
  const text = await readCapped(response, maxAnswerBytes, reading.signal)
  try {
    const hidden = new Set(route.hides)
    return new Response(
      JSON.stringify(JSON.parse(text ?? ''), (name, value: unknown) => (hidden.has(name) ? undefined : value)),
      {
        status,
        headers: out,
      },
    )
  } catch {
    throw unusable(upstream, status, 'broken JSON')
  }
}

const unusable = ({ name }: Upstream, upstreamStatus: number, what: string): MintError =>
  new MintError('unavailable', { status: 502, upstreamStatus, message: `${name} answered ${upstreamStatus} with ${what}` })

/** The same bytes, as they are asked for. Cancelling it ends the provider's answer too. */
function capped(body: ReadableStream<Uint8Array>, idleMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const end = (): void => void reader.cancel().catch(() => {})
  let bytes = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await within(idleMs, undefined, () => reader.read())
        if (done) return controller.close()
        bytes += value.byteLength
        if (bytes > maxAnswerBytes) throw new RangeError(`the answer is longer than ${maxAnswerBytes} bytes`)
        controller.enqueue(value)
      } catch (error) {
        end()
        controller.error(error)
      }
    },
    cancel: end,
  })
}
