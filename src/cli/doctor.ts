import { parseArgs } from 'node:util'
import { createDiscretion } from './discretion.ts'
import type { Discretion } from './discretion.ts'
import { bundleCheck } from './doctor/bundle.ts'
import { foreignPages, strangeRequests, strangers } from './doctor/callers.ts'
import { createEndpoint } from './doctor/endpoint.ts'
import type { Endpoint } from './doctor/endpoint.ts'
import { errorAnswers } from './doctor/errors.ts'
import { ok, problem } from './doctor/finding.ts'
import type { Finding } from './doctor/finding.ts'
import { firstAnswer } from './doctor/first-answer.ts'
import { farewell, freshness, grantChecks } from './doctor/grant.ts'
import { askProviders, environment, holdsKey, keysIn } from './doctor/keys.ts'
import type { Key } from './doctor/keys.ts'
import { lifetime } from './doctor/lifetime.ts'
import { isLoopback } from './loopback.ts'
import { asJson, asText } from './output.ts'
import { UsageError } from './terminal.ts'
import type { ExitCode, Terminal } from './terminal.ts'

/** A page waits 10 s for its token. */
const deadlineMs = 10_000
/** Long enough for a server that opens a socket first and looks at the token then. */
const settleMs = 1_500

/** `heartwire doctor`: asks the developer's backend what a page, and what a stranger would ask it, and says what is wrong. */
export async function doctor(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const wanted = read(args)
  const discretion = createDiscretion()
  const keys = keysIn(terminal.env, discretion)
  const knock = wanted.ws && (await knockingAt(wanted.ws, wanted.gateway))
  const endpoint = wanted.url && endpointOf(wanted.url, wanted, discretion, terminal)
  const findings: Finding[] = [...environment(keys, endpoint !== undefined && isLoopback(endpoint.url.hostname))]
  if (wanted.bundle !== undefined) findings.push(...(await bundleCheck(wanted.bundle, keys)))
  if (endpoint) findings.push(...(await examine(endpoint, keys, terminal, knock)))
  if (wanted.askProvider) findings.push(...(await askProviders(keys, terminal, deadlineMs)))

  const report = {
    findings: findings.map((finding) => ({ ...finding, seen: discretion.hide(finding.seen) })),
    requests: endpoint?.requests ?? 0,
  }
  terminal.stdout(wanted.json ? asJson(report) : asText(report))
  return findings.some(({ level }) => level === 'problem') ? 1 : 0
}

async function examine(
  endpoint: Endpoint,
  keys: readonly Key[],
  terminal: Terminal,
  knock: Knocking | undefined,
): Promise<readonly Finding[]> {
  const plain = endpoint.url.protocol === 'http:' && !isLoopback(endpoint.url.hostname)
  const findings: Finding[] = [
    plain ? problem('address', 'the endpoint is asked over plain http') : ok('address', endpoint.url.protocol.slice(0, -1)),
  ]
  const first = await firstAnswer(endpoint)
  findings.push(...first.findings)
  const { grant } = first
  if (grant) {
    findings.push(...grantChecks(grant, keys, terminal.now()), ...lifetime(grant))
    // A key in place of the token: it is always the same, and is not sent around any further.
    const isKey = holdsKey(grant.token, keys) !== undefined
    if (!isKey) findings.push(await freshness(endpoint, grant, terminal))
    findings.push(...(await strangeRequests(endpoint)), ...(await foreignPages(endpoint)), await strangers(endpoint))
    if (knock && !isKey) findings.push(...(await knock(endpoint)))
    await farewell(endpoint, grant)
  }
  return [...findings, ...errorAnswers(endpoint.answers, keys)]
}

type Knocking = (endpoint: Endpoint) => Promise<readonly Finding[]>

/** Loaded when asked for, and before anything is asked: it needs the package `ws`, which may not be there. */
async function knockingAt(url: URL, gateway: boolean): Promise<Knocking> {
  const { socketChecks } = await import('./doctor/socket.ts')
  return (endpoint) => socketChecks(endpoint, { url, deadlineMs, settleMs, gateway })
}

interface Wanted {
  readonly url: URL | undefined
  readonly ws: URL | undefined
  readonly gateway: boolean
  readonly origin: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly bundle: string | undefined
  readonly askProvider: boolean
  readonly json: boolean
}

function read(args: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      ws: { type: 'string' },
      gateway: { type: 'boolean', default: false },
      origin: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      bundle: { type: 'string' },
      'ask-provider': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  if (positionals.length > 0) throw new UsageError('doctor takes options only; put values with spaces in quotes')
  const url = values.url === undefined ? undefined : address('--url', values.url, /^https?:$/)
  const ws = values.ws === undefined ? undefined : address('--ws', values.ws, /^wss?:$/)
  if (!url && values.bundle === undefined && !values['ask-provider']) throw new UsageError('doctor needs --url or --bundle')
  if (values.gateway && !ws) throw new UsageError('--gateway says what is at --ws')
  if (ws && !url) throw new UsageError('--ws needs --url: the token comes from there')
  const { origin } = values
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
    throw new UsageError('--origin: an origin such as https://app.example.com, without a path')
  }
  return {
    url,
    ws,
    gateway: values.gateway,
    origin,
    headers: values.header.map(header),
    bundle: values.bundle,
    askProvider: values['ask-provider'],
    json: values.json,
  }
}

function address(option: string, text: string, protocols: RegExp): URL {
  if (!URL.canParse(text) || !protocols.test(new URL(text).protocol)) throw new UsageError(`${option}: a whole address is needed`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw new UsageError(`${option}: an address without user and password; use --header`)
  return url
}

function header(text: string): readonly [string, string] {
  const [, name = '', value = ''] = /^([\w!#$%&'*+.^`|~-]+):\s*([\x20-\x7e]*)$/.exec(text) ?? []
  if (name === '' || value === '') throw new UsageError("--header: 'name: value' is needed, in quotes")
  return [name, value]
}

function endpointOf(url: URL, { headers, origin }: Wanted, discretion: Discretion, { fetch }: Terminal): Endpoint {
  for (const [, value] of headers) {
    discretion.keep(value)
    // The session inside a cookie, and the token behind `Bearer`.
    for (const part of value.split(/[;\s=]+/)) if (part.length >= 12) discretion.keep(part)
  }
  for (const value of url.searchParams.values()) discretion.keep(value)
  return createEndpoint({ url, origin: origin ?? url.origin, headers, discretion, fetch, deadlineMs })
}
