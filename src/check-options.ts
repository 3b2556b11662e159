/** Programmer's mistakes, found at once: each throws a `TypeError` that says what to write instead. */
import type { PlainSessionOptions, TokenEndpointOptions, TokenSourceOption } from './options.ts'
import { redact } from './secret.ts'
import { tokenAddress } from './wire/address.ts'

function demand(holds: unknown, what: string): asserts holds {
  if (!holds) throw new TypeError(what)
}

const functions = ['onReady', 'ready', 'control', 'fetch', 'webSocket'] as const
const placements = ['query', 'subprotocol', 'first-frame', 'url']
const lists = ['closeCodes', 'rest'] as const

export function checkSessionOptions(given?: object | null): void {
  const { preset, url, placement, kind, use, heartbeat, liveness, probe, tokenSource, ...others } = (given ?? {}) as Partial<
    PlainSessionOptions<unknown, unknown>
  > & { preset?: object }
  demand((preset === undefined) !== (url === undefined), 'createSession: give either `preset` or `url`')
  demand(!preset || 'token' in preset, 'createSession: `preset` is none: call it, as in humeEvi()')
  demand(tokenSource !== undefined, 'createSession: `tokenSource` is missing: the URL of your token endpoint, or a function')
  if (typeof url !== 'function' && url !== undefined) tokenAddress('createSession: `url`', url, 'wss')
  for (const name of ['pauseWhenHiddenMs', 'giveUpAfterMs'] as const) {
    demand(others[name] === undefined || others[name] > 0, `createSession: \`${name}\` is a number of milliseconds above 0`)
  }
  for (const name of functions)
    demand(others[name] === undefined || typeof others[name] === 'function', `createSession: \`${name}\` is a function`)
  demand(
    !probe || (probe.firstMs > 0 && probe.capMs >= probe.firstMs && probe.capMs < Infinity),
    'createSession: `probe` needs 0 < firstMs ≤ capMs, in ms',
  )
  demand(kind === undefined || kind === 'ticket' || kind === 'lease', "createSession: `kind` is 'ticket' or 'lease'")
  demand(use === undefined || use === 'multi' || use === 'single', "createSession: `use` is 'multi' or 'single'")
  demand(!heartbeat || heartbeat.intervalMs > 0, 'createSession: `heartbeat.intervalMs` is a number of milliseconds above 0')
  demand(
    preset || kind !== 'lease' || heartbeat || use === 'single',
    "createSession: a lease needs `heartbeat: { intervalMs }` (or `use: 'single'`)",
  )
  demand(!placement || placements.includes(placement.in), `createSession: \`placement.in\` is one of ${placements.join(', ')}`)
  demand(!liveness || (liveness.idleMs > 0 && liveness.probe), 'createSession: `liveness` needs `idleMs` above 0 and a function `probe`')
  for (const name of lists) demand(others[name] === undefined || Array.isArray(others[name]), `createSession: \`${name}\` is a list`)
  demand(
    placement?.in !== 'query' || !/api[-_]?key/i.test(placement.name),
    'createSession: a page must never hold an API key; let your backend exchange it for a token',
  )
}

/** Refuses what is a credential where the address of an endpoint should be, and long-lived credentials beside it. */
export function checkTokenSource(source: TokenSourceOption): void {
  if (typeof source === 'function') return
  const endpoint = typeof source === 'string' ? { url: source } : source
  demand(typeof endpoint === 'object' && endpoint !== null, 'tokenSource: give a URL, { url }, a function, or createTokenSource(…)')
  const { url, headers } = endpoint as TokenEndpointOptions
  demand(typeof url === 'string' && url !== '' && !/\s/.test(url), 'tokenSource: this is not a URL')
  demand(redact(url) === url, 'tokenSource: this holds a credential; give the URL of the endpoint on your backend that mints tokens')
  const values = typeof headers === 'object' ? Object.values(headers) : []
  demand(
    !values.some((value) => /^basic\s/i.test(value) || /\b(?:sk|ah)_(?:live|test)_/.test(value)),
    'tokenSource: a header holds a long-lived credential; a page must never have one',
  )
}
