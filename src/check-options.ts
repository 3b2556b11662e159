/** Programmer's mistakes, found at once: each throws a `TypeError` that says what to write instead. */
import type { PlainSessionOptions, TokenSourceOption } from './options.ts'
import { isLongLivedKey } from './wire/grant.ts'

const positive = ['pauseWhenHiddenMs', 'giveUpAfterMs'] as const

export function checkSessionOptions(given: object): void {
  const options = given as Partial<PlainSessionOptions<never, never>> & { preset?: unknown }
  if (typeof given !== 'object' || given === null) throw new TypeError('createSession: give an options object')
  const { preset, url } = options
  if ((preset === undefined) === (url === undefined)) throw new TypeError('createSession: give either `preset` or `url`')
  if (typeof url === 'string') checkSocketUrl(url)
  else if (url !== undefined && typeof url !== 'function') throw new TypeError('createSession: `url` is a string or a function that returns one')
  for (const name of positive) {
    const ms = options[name]
    if (ms !== undefined && !((ms as number) > 0)) throw new TypeError(`createSession: \`${name}\` is a positive number of milliseconds`)
  }
  const { probe } = options
  if (probe && !(probe.firstMs > 0 && probe.capMs >= probe.firstMs && probe.capMs < Infinity)) {
    throw new TypeError('createSession: `probe` needs 0 < firstMs ≤ capMs, in milliseconds')
  }
  if (options.placement?.in === 'query' && /api[-_]?key/i.test(options.placement.name)) {
    throw new TypeError('createSession: a query parameter for API keys: a page must never hold one; let your backend exchange it for a token')
  }
  if (url !== undefined && options.kind === 'lease' && !options.heartbeat && options.use !== 'single') {
    throw new TypeError("createSession: a lease needs `heartbeat: { intervalMs }` (or `use: 'single'`)")
  }
  if (options.heartbeat && !(options.heartbeat.intervalMs > 0)) throw new TypeError('createSession: `heartbeat.intervalMs` is a positive number of milliseconds')
  if (options.tokenSource === undefined) throw new TypeError('createSession: `tokenSource` is missing: the URL of your token endpoint, or a function')
}

function checkSocketUrl(text: string): void {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new TypeError('createSession: `url` is not an absolute ws:// or wss:// address')
  }
  if (url.protocol !== 'wss:' && url.protocol !== 'ws:') throw new TypeError(`createSession: \`url\` is ${url.protocol}//…; a WebSocket needs wss:`)
  if (url.protocol === 'ws:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\]|.+\.localhost)$/.test(url.hostname)) {
    throw new TypeError('createSession: ws: would send the token in clear; use wss: (loopback excepted)')
  }
  if (url.hash !== '') throw new TypeError('createSession: a WebSocket address has no #fragment')
  if (/[?&](?:api[-_]?key|access_token|token)=/i.test(url.search) || url.username !== '') {
    throw new TypeError('createSession: `url` holds a credential; leave it out: the token comes from `tokenSource`')
  }
}

export function checkTokenSource(source: TokenSourceOption): void {
  if (typeof source === 'string') return checkEndpoint(source)
  if (typeof source === 'function') return
  if (typeof source !== 'object' || source === null) throw new TypeError('tokenSource: give a URL, { url }, a function, or createTokenSource(…)')
  if ('url' in source) {
    checkEndpoint(source.url)
    const headers = typeof source.headers === 'object' ? Object.values(source.headers) : []
    if (headers.some((value) => /^basic\s/i.test(value) || isLongLivedKey(value.replace(/^bearer\s+/i, '')))) {
      throw new TypeError('tokenSource: a header holds a long-lived credential; a page must never have one')
    }
  }
}

function checkEndpoint(text: string): void {
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) throw new TypeError('tokenSource: this is a token, not the URL of an endpoint that mints one')
  if (isLongLivedKey(text)) throw new TypeError('tokenSource: this is a long-lived API key; a page must never hold one. Give the URL of your backend’s token endpoint')
  if (text === '' || /\s/.test(text)) throw new TypeError('tokenSource: this is not a URL')
  if (/[?&](?:api[-_]?key|secret)=/i.test(text)) throw new TypeError('tokenSource: the URL holds an API key; keep it on the backend')
}
