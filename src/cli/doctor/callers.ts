import type { Answer, Endpoint } from './endpoint.ts'
import { spoken } from './endpoint.ts'
import type { Ask } from './endpoint.ts'
import type { FindingId } from './advice.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding, Level } from './finding.ts'

const evil = 'https://evil.example'

/** One request that must not bring a token. */
interface Forbidden {
  readonly id: FindingId
  readonly what: string
  readonly ask: Ask
  /** What it is if it does. */
  readonly level: Level
}

const forbidden: readonly Forbidden[] = [
  { id: 'get', what: 'GET', ask: { method: 'GET' }, level: 'problem' },
  { id: 'header', what: 'a request without x-heartwire', ask: { headers: { 'x-heartwire': null } }, level: 'problem' },
  // With the header, which forces a preflight by itself: a second lock that is missing, not an open door.
  { id: 'body-type', what: 'a body of type text/plain', ask: { headers: { 'content-type': 'text/plain' } }, level: 'warning' },
  {
    id: 'body-type',
    what: 'a form',
    ask: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'reason=connect' },
    level: 'warning',
  },
  { id: 'large-body', what: 'a body of 64 KiB', ask: { body: JSON.stringify({ padding: 'x'.repeat(65_536) }) }, level: 'warning' },
  { id: 'prototype', what: 'a body with __proto__', ask: { body: '{"__proto__":{"admin":true}}' }, level: 'warning' },
]

/** Requests that no page of ours makes. */
export async function strangeRequests(endpoint: Endpoint): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { id, what, ask, level } of forbidden) {
    const answer = await endpoint.ask(ask)
    // A server may hang up on a body that it does not want to read.
    if (answer.is === 'failure' && id === 'large-body' && answer.kind === 'cut') findings.push(ok(id, `${what} was cut off`))
    else if (answer.is === 'failure') findings.push(warning(id, `${what} was not answered (${answer.how})`))
    else if (answer.token === undefined) findings.push(ok(id, `${what} was answered ${spoken(answer)}`))
    else findings.push({ id, level, seen: `${what} brought a token` })
  }
  // HEAD has no body to see a token in; where GET mints, it says nothing new.
  if (!findings.some(({ id, level }) => id === 'get' && level === 'problem')) findings.push(await head(endpoint))
  // Broken on purpose: what the endpoint says of it is looked at with all its errors.
  await endpoint.ask({ body: '{"reason":' })
  return findings
}

async function head(endpoint: Endpoint): Promise<Finding> {
  const answer = await endpoint.ask({ method: 'HEAD' })
  if (answer.is === 'failure') return warning('head', `HEAD was not answered (${answer.how})`)
  const mints = answer.status === 200 && /json/.test(answer.headers.get('content-type') ?? '')
  return mints ? warning('head', 'HEAD was answered 200 with JSON, as if it had minted') : ok('head', `HEAD was answered ${answer.status}`)
}

/** Foreign pages, by what the endpoint tells them and their browser. One mistake is one finding: the worst one. */
export async function foreignPages(endpoint: Endpoint): Promise<readonly Finding[]> {
  const preflight = await endpoint.ask({
    method: 'OPTIONS',
    headers: {
      origin: evil,
      'x-heartwire': null,
      'content-type': null,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-heartwire',
    },
  })
  const foreign = await endpoint.ask({ headers: { origin: evil } })
  if (foreign.is === 'failure') return [warning('origin', `a request of a foreign page was not answered (${foreign.how})`)]
  const shown = [
    ...endpoint.answers.filter(({ headers }) => allowed(headers) === '*'),
    foreign,
    ...(preflight.is === 'answer' ? [preflight] : []),
  ]
  const opened = shown.map(openTo).find((seen) => seen !== undefined)
  if (opened !== undefined) return [problem('cors', opened)]
  if (foreign.token !== undefined) return [problem('origin', `a page of ${evil} got a token`)]
  return [
    ok('cors', 'a foreign page gets no CORS headers'),
    ok('origin', `a foreign page was answered ${spoken(foreign)}`),
    await nullOrigin(endpoint),
  ]
}

async function nullOrigin(endpoint: Endpoint): Promise<Finding> {
  const answer = await endpoint.ask({ headers: { origin: 'null' } })
  if (answer.is === 'failure') return warning('null-origin', `Origin: null was not answered (${answer.how})`)
  if (answer.token !== undefined || allowed(answer.headers) === 'null')
    return problem('null-origin', 'a page without an origin (null) is allowed')
  return ok('null-origin', `Origin: null was answered ${spoken(answer)}`)
}

const allowed = (headers: Headers): string | null => headers.get('access-control-allow-origin')

function openTo({ headers }: Answer): string | undefined {
  const credentials = headers.get('access-control-allow-credentials') === 'true' ? ', with credentials' : ''
  if (allowed(headers) === '*') return `access-control-allow-origin is *${credentials}`
  return allowed(headers) === evil ? `access-control-allow-origin repeats any origin${credentials}` : undefined
}

/** Whether somebody whom the endpoint does not know gets a token. */
export async function strangers(endpoint: Endpoint): Promise<Finding> {
  if (!endpoint.known) return warning('anybody', 'a caller without cookie or header got a token')
  const answer = await endpoint.ask({ anonymous: true })
  if (answer.is === 'failure') return warning('anybody', `a caller without your headers was not answered (${answer.how})`)
  return answer.token === undefined
    ? ok('anybody', `a caller without your headers was answered ${spoken(answer)}`)
    : warning('anybody', 'a caller without your headers got a token, too')
}
