import { isLoopback } from '../loopback.ts'
import type { Endpoint } from './endpoint.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { knock } from './handshake.ts'
import type { Handshake } from './handshake.ts'

/** How the token is presented. */
type Present = (url: URL, token: string) => { readonly url: URL; readonly firstFrame?: string }

const inQuery: Present = (url, token) => {
  const address = new URL(url)
  address.searchParams.set('access_token', token)
  return { url: address }
}

/** PROTOCOL.md §1.2: a Heartwire gateway takes the lease in the first frame, and opens for everybody until it comes. */
const inHello: Present = (url, token) => ({ url, firstFrame: JSON.stringify({ type: 'hello', version: 1, access_token: token }) })
/** PROTOCOL.md §1.4: it waits 5 s for it. */
const helloMs = 6_000

export interface SocketOptions {
  readonly url: URL
  readonly deadlineMs: number
  readonly settleMs: number
  /** It is a Heartwire gateway: the token goes into the first frame. Else it goes into the address, as `?access_token=`. */
  readonly gateway: boolean
}

/** The socket that the token is for. Each knock has a token of its own: one that may be used once only would hide the rest. */
export async function socketChecks(endpoint: Endpoint, options: SocketOptions): Promise<readonly Finding[]> {
  const { url, deadlineMs, settleMs, gateway } = options
  const present = gateway ? inHello : inQuery
  if (url.protocol === 'ws:' && !isLoopback(url.hostname)) return [problem('ws-address', `${url.host} is asked over plain ws`)]
  const limits = { deadlineMs, settleMs }

  const withToken = async (origin: string): Promise<Handshake> => {
    const answer = await endpoint.ask()
    if (answer.is === 'failure') return answer
    if (answer.token === undefined) return { is: 'refused', how: 'because the endpoint gave no further token' }
    return knock({ ...present(url, answer.token), origin, ...limits })
  }

  const bare = await knock({ url, origin: endpoint.origin, deadlineMs, settleMs: gateway ? helloMs : settleMs })
  if (bare.is === 'redirected') return [problem('ws-redirect', `the handshake was redirected (${bare.status})`)]
  if (bare.is === 'failure') return [problem('ws-reach', bare.how)]
  const findings = [
    bare.is === 'accepted'
      ? problem('ws-token', 'a handshake without a token was accepted')
      : ok('ws-token', `without a token it was refused ${bare.how}`),
  ]
  const own = await withToken(endpoint.origin)
  findings.push(...admission(own))
  // Nothing can be said of other pages where our own is not let in.
  if (own.is !== 'accepted') return findings

  const foreign = await withToken('https://evil.example')
  const level = isOwn(url, endpoint.url) ? 'problem' : 'warning'
  if (foreign.is === 'accepted') return [...findings, { id: 'ws-origin', level, seen: 'a foreign page was let in with a token' }]
  findings.push(ok('ws-origin', `a foreign page was not let in (${word(foreign)})`))
  const none = await withToken('null')
  if (none.is === 'accepted') return [...findings, { id: 'ws-null-origin', level, seen: 'a page without an origin (null) was let in' }]
  return [...findings, ok('ws-null-origin', `Origin: null was not let in (${word(none)})`)]
}

/** A provider is not the developer's to change. On this machine another port may be an emulated one. */
const isOwn = (url: URL, endpoint: URL): boolean =>
  isLoopback(url.hostname) ? url.host === endpoint.host : url.hostname === endpoint.hostname

function admission(own: Handshake): readonly Finding[] {
  switch (own.is) {
    case 'accepted':
      return [
        ok('ws-token', 'with a fresh token it was accepted'),
        own.closes ? ok('ws-close', 'it answers a close') : warning('ws-close', 'it does not answer a close'),
      ]
    case 'refused':
      return [problem('ws-token', `a fresh token was refused ${own.how}`)]
    case 'redirected':
      return [problem('ws-redirect', `the handshake with a token was redirected (${own.status})`)]
    case 'failure':
      return [problem('ws-reach', own.how)]
    default:
      return own satisfies never
  }
}

const word = (outcome: Handshake): string => (outcome.is === 'refused' || outcome.is === 'failure' ? outcome.how : outcome.is)
