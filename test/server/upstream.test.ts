import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { bithumanMint, humeMint, MintError } from '../../src/server/index.ts'
import { asks } from './requests.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** A real server on this machine, and what it was asked. */
async function serverThat(
  answers: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<{ host: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((req, res) => {
    requests.push(req)
    answers(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return { host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

const secret = 'canary-secret-0123456789'
const credentials = () => ({ apiKey: 'canary-api-key', secretKey: secret })
const failure = async (work: unknown): Promise<MintError> => {
  const error: unknown = await Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(MintError)
  return error as MintError
}
const json = { 'content-type': 'application/json' }

describe('a provider over real sockets', () => {
  test.each<[string, (req: IncomingMessage, res: ServerResponse) => void, number]>([
    ['silence', () => {}, 504],
    ['headers and then silence', (_, res) => void res.writeHead(200, json).write('{"access_token":'), 504],
    ['a hang-up', (req) => void req.socket.destroy(), 502],
    ['an empty 200', (_, res) => void res.writeHead(200, json).end(), 502],
    ['a login page', (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), 502],
    ['JSON that is called HTML', (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('{"access_token":"t"}'), 502],
    ['half a JSON', (_, res) => void res.writeHead(200, json).end('{"access_token":"t'), 502],
    ['a token of 100 kB', (_, res) => void res.writeHead(200, json).end(JSON.stringify({ access_token: 'x'.repeat(100_000) })), 502],
    ['another shape', (_, res) => void res.writeHead(200, json).end('{"token":"t"}'), 502],
    ['a token with white space', (_, res) => void res.writeHead(200, json).end('{"access_token":"a b"}'), 502],
    ['a life of 0', (_, res) => void res.writeHead(200, json).end('{"access_token":"t","expires_in":0}'), 502],
    ['500', (_, res) => void res.writeHead(500).end(`echo ${secret}`), 503],
  ])('%s is unavailable', async (_, answers, status) => {
    const { host } = await serverThat(answers)
    const error = await failure(humeMint({ credentials, host, deadlineMs: 100 })(asks()))
    expect([error.code, error.status]).toEqual(['unavailable', status])
    expect(error.message).not.toContain(secret)
    expect(error.cause).toBeUndefined()
  })

  test('nobody listening is unavailable, and the operator reads why', async () => {
    const { host } = await serverThat(() => {})
    await closers.pop()?.()
    const error = await failure(humeMint({ credentials, host })(asks()))
    expect([error.code, error.status]).toEqual(['unavailable', 502])
    expect(error.message).toContain('ECONNREFUSED')
  })

  test.each([301, 302, 303, 307, 308])('%i is not followed: the key goes nowhere else', async (status) => {
    const elsewhere = await serverThat((_, res) => void res.writeHead(200, json).end('{"access_token":"stolen"}'))
    const { host, requests } = await serverThat((_, res) => void res.writeHead(status, { location: elsewhere.host }).end())
    expect(await failure(humeMint({ credentials, host })(asks()))).toMatchObject({
      code: 'unavailable',
      status: 502,
      upstreamStatus: status,
    })
    expect(await failure(bithumanMint({ secret: () => secret, host })(asks()))).toMatchObject({ code: 'unavailable', status: 502 })
    expect(requests).toHaveLength(2)
    expect(elsewhere.requests).toHaveLength(0)
  })

  test('Retry-After is read in both forms, the date by the provider’s own clock', async () => {
    const date = new Date(Date.UTC(2031, 0, 1)).toUTCString()
    const later = new Date(Date.UTC(2031, 0, 1, 0, 0, 42)).toUTCString()
    const plain = await serverThat((_, res) => void res.writeHead(429, { 'retry-after': '17' }).end())
    const dated = await serverThat((_, res) => void res.writeHead(503, { 'retry-after': later, date }).end())
    expect(await failure(humeMint({ credentials, host: plain.host })(asks()))).toMatchObject({ code: 'quota', retryAfter: 17 })
    expect(await failure(humeMint({ credentials, host: dated.host })(asks()))).toMatchObject({ code: 'unavailable', retryAfter: 42 })
  })

  test('a caller that goes away ends the call', async () => {
    let closed: () => void = () => {}
    const hungUp = new Promise<void>((resolve) => (closed = resolve))
    const page = new AbortController()
    const { host } = await serverThat((req) => {
      req.socket.once('close', closed)
      page.abort(new Error('gone'))
    })
    await expect(humeMint({ credentials, host })(asks({ signal: page.signal }))).rejects.toThrow('gone')
    await hungUp
  })
})
