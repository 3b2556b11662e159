import { createServer, request as rawRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createForwarder } from '../../src/server/forward/forwarder.ts'
import { huechat } from '../../src/server/forward/huechat.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { MintError } from '../../src/server/index.ts'
import { everything, forwarding, key, pageCall } from './forward-kit.ts'
import { json, never } from './requests.ts'

describe('what goes on', () => {
  test('method, path, query and body; the key, and none of the page’s headers', async () => {
    const { call, asked } = forwarding(() => json({ id: 'msg_1' }, 201, { 'x-request-id': 'req-1', 'set-cookie': 'a=b', server: 'x' }))
    const body = JSON.stringify({ channel: 'sms', content: 'Hi' })
    const {
      status,
      headers,
      body: answer,
    } = await call('/v2/contact/cnt_1/message?limit=5&search=a%20b', {
      method: 'POST',
      body,
      headers: { cookie: 'session=1', 'x-api-key': 'sk_live_of_the_page', 'x-forwarded-for': '1.2.3.4', connection: 'upgrade' },
    })
    expect([status, answer]).toEqual([201, { id: 'msg_1' }])
    const [request] = asked()
    expect([request?.method, request?.url]).toEqual(['POST', 'https://api.huechat.ai/v2/contact/cnt_1/message?limit=5&search=a+b'])
    expect(await request?.text()).toBe(body)
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'x-api-key': key,
    })
    expect(Object.keys(Object.fromEntries(headers)).sort()).toEqual([
      'cache-control',
      'content-type',
      'vary',
      'x-content-type-options',
      'x-request-id',
    ])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('mounted under a prefix', async () => {
    const { call, asked } = forwarding(undefined, { prefix: '/api/huechat' })
    expect((await call('/api/huechat/v2/contacts')).status).toBe(200)
    expect((await call('/v2/contacts')).status).toBe(404)
    expect(asked().map(({ url }) => url)).toEqual(['https://api.huechat.ai/v2/contacts'])
    expect(() => forwarding(undefined, { prefix: 'api/' })).toThrow(TypeError)
  })

  test.each([
    ['/v2/contact/%2B1234567890', '/v2/contact/%2B1234567890'],
    ['/v2/contact/john@example.com', '/v2/contact/john@example.com'],
    ['/v2/contacts/../contact/cnt_1', '/v2/contact/cnt_1'],
  ])('%s is asked as %s', async (asking, path) => {
    const { call, asked } = forwarding()
    expect((await call(asking)).status).toBe(200)
    expect(asked()[0]?.url).toBe(`https://api.huechat.ai${path}`)
  })

  test.each([
    '/v2/contact/a%2Fb',
    '/v2/contact/a%252Fb',
    '/v2/contact/a%5Cb',
    '/v2/contact/a%00b',
    '/v2/contact/a%0d%0ab',
    '/v2/contact/%ff',
    '/v2/contact/a%3Fb',
    '/v2/contact/a%23b',
    '/v2/contact/a;b=c',
    '/v2/contact/.env',
    '/v2/contact/%2e%2e/keys',
    '/v2/contact/%2e%2e%2fkeys',
    '/v2/contact//',
    '/v2//contacts',
    '//v2/contacts',
    '/v2/contacts/',
    '/v2/contact/a/b/c',
    '/V2/contacts',
    '/v2/api-keys',
    '/v2',
    '/',
    '//evil.example/v2/contacts',
    '/@evil.example/v2/contacts',
    '/https://evil.example/v2/contacts',
    '/v2/contact/cnt_1@evil.example:80/x',
    `/v2/contact/${'x'.repeat(129)}`,
  ])('%s is not allowed', async (path) => {
    const { call, fetch } = forwarding()
    expect(await call(path)).toMatchObject({ status: 404, body: { error: 'not_allowed' } })
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each(['HEAD', 'TRACES', 'POST', 'get'])('nor is another method, %s', async (method) => {
    const { forward, fetch } = forwarding()
    const asking = new Request('https://app.example.com/v2/contacts/x/y', { method, headers: { authorization: 'Bearer ann' } })
    expect((await forward(asking)).status).toBe(404)
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each([
    '?access_token=lease',
    '?api_key=k',
    '?API_KEY=k',
    '?a%00=b',
    '?a=%0d%0a',
    '?a=%ff',
    '?%2e%2e/=x',
    '?=x',
    `?a=${'x'.repeat(1025)}`,
  ])('a query like %s does not go on', async (query) => {
    const { call, fetch } = forwarding()
    expect(await call(`/v2/contacts${query}`)).toMatchObject({ status: 400, body: { error: 'bad_request' } })
    expect(fetch).not.toHaveBeenCalled()
  })

  test('whatever stands in the request line, over real sockets, only the table is asked', async () => {
    const { forward, asked } = forwarding()
    const server = createServer(toNodeHandler(forward))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const lines = [
      'http://evil.example/v2/contacts',
      '//evil.example/v2/contacts',
      '/v2/../../v2/contacts',
      '/\\evil.example/v2/contacts',
      '/v2/contact/..;/keys',
    ]
    for (const path of lines) {
      await new Promise<void>((resolve, reject) => {
        const asking = rawRequest(
          { port, host: '127.0.0.1', path, headers: { authorization: 'Bearer ann', host: 'user:pw@evil.example' } },
          (response) => {
            response.resume().on('end', resolve)
          },
        )
        asking.on('error', reject)
        asking.end()
      })
    }
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    for (const { url } of asked()) expect(url).toBe('https://api.huechat.ai/v2/contacts')
  })

  test('a table that could climb is refused at once', () => {
    for (const path of ['v2/contacts', '/v2/../x', '/v2//x', '/v2/*', '/v2/a?b', '']) {
      const upstream = { ...huechat(), routes: [{ method: 'GET' as const, path, scope: 's' }] }
      expect(() => createForwarder({ upstream, authorize: everything })).toThrow(TypeError)
    }
  })
})

describe('who may', () => {
  const nobody: [string, () => unknown][] = [
    ['null', () => null],
    ['nothing', () => undefined],
    [
      'an error',
      () => {
        throw new Error('database')
      },
    ],
  ]
  test.each(nobody)('%s is login_required', async (_, authorize) => {
    const { call, fetch } = forwarding(undefined, { authorize: authorize as never })
    expect(await call('/v2/contacts')).toMatchObject({ status: 401, body: { error: 'login_required' } })
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each([{}, { id: '' }, { id: 'ann' }, { id: 'ann', scopes: '*' }])('%j is no caller: unavailable, and told', async (caller) => {
    const { call, fetch, heard } = forwarding(undefined, { authorize: () => caller as never })
    expect(await call('/v2/contacts')).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect([fetch.mock.calls.length, heard.length]).toEqual([0, 1])
  })

  test('a MintError says what it says', async () => {
    const authorize = () => {
      throw new MintError('revoked')
    }
    expect(await forwarding(undefined, { authorize }).call('/v2/contacts')).toMatchObject({ status: 403, body: { error: 'revoked' } })
  })

  test('a scope that is missing is named', async () => {
    const authorize = () => ({ id: 'ann', scopes: ['contacts:read', 'conversations:write'] })
    const { call, fetch } = forwarding(undefined, { authorize })
    expect((await call('/v2/contacts')).status).toBe(200)
    expect((await call('/v2/contact/c1/message', { method: 'POST', body: '{}' })).status).toBe(200)
    expect(await call('/v2/contact', { method: 'POST', body: '{}' })).toMatchObject({
      status: 403,
      body: { error: 'forbidden', scope: 'contacts:write' },
    })
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('without authorize there is no forwarder', () => {
    expect(() => createForwarder({ upstream: huechat() } as never)).toThrow(TypeError)
  })

  test('only exact origins, and only with something that no browser adds by itself', async () => {
    const { forward, fetch } = forwarding(undefined, { origins: ['https://page.example'] })
    const status = async (headers: Record<string, string>, method = 'GET') =>
      (await forward(new Request('https://app.example.com/v2/contacts', { method, headers }))).status
    expect(await status({ origin: 'https://evil.example', authorization: 'Bearer ann' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'cross-site', authorization: 'Bearer ann' })).toBe(403)
    expect(await status({ origin: 'https://page.example', cookie: 'session=1' })).toBe(400)
    expect(await status({ origin: 'https://page.example', authorization: 'Basic YTpi' })).toBe(400)
    expect(fetch).not.toHaveBeenCalled()
    expect(await status({ origin: 'https://page.example', authorization: 'Bearer ann' })).toBe(200)
    expect(await status({ 'x-heartwire': '1', authorization: '' })).not.toBe(400)
  })

  test('a listed page may read the numbers, and is told so before', async () => {
    const { forward } = forwarding(undefined, { origins: ['https://page.example'] })
    const preflight = await forward(
      new Request('https://app.example.com/v2/contacts', {
        method: 'OPTIONS',
        headers: { origin: 'https://page.example', 'access-control-request-headers': 'authorization' },
      }),
    )
    expect([
      preflight.status,
      preflight.headers.get('access-control-allow-origin'),
      preflight.headers.get('access-control-allow-headers'),
    ]).toEqual([204, 'https://page.example', 'authorization'])
    expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE')
    const answer = await forward(pageCall('/v2/contacts', { origin: 'https://page.example' }))
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-ratelimit-remaining')
    const own = await forward(pageCall('/v2/contacts', { origin: null }))
    expect(own.headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each<[string, RequestInit, number]>([
    ['too long', { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) }, 413],
    ['a form', { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['no UTF-8', { method: 'POST', body: new Uint8Array([0xff, 0xfe]) }, 400],
  ])('a body that is %s does not go on', async (_, init, status) => {
    const { call, fetch } = forwarding()
    expect(await call('/v2/contact', init)).toMatchObject({ status, body: { error: 'bad_request' } })
    expect(fetch).not.toHaveBeenCalled()
  })

  test('600 calls a minute and user, or as many as limit says', async () => {
    const { call, fetch } = forwarding(undefined, { limit: { perMinute: 2 }, now: () => 0 })
    expect([(await call('/v2/contacts')).status, (await call('/v2/contacts')).status]).toEqual([200, 200])
    expect(await call('/v2/contacts')).toMatchObject({ status: 429, body: { error: 'quota', retry_after: 30 } })
    expect((await call('/v2/contacts', { user: 'bob' })).status).toBe(200)
    expect(fetch).toHaveBeenCalledTimes(3)
  })
})

describe('what comes back', () => {
  test.each<[number, string, number]>([
    [400, 'bad_request', 400],
    [401, 'key_refused', 403],
    [402, 'quota', 402],
    [403, 'forbidden', 403],
    [404, 'not_found', 404],
    [409, 'conflict', 409],
    [418, 'bad_request', 400],
    [422, 'invalid', 422],
    [429, 'quota', 429],
  ])('%i is %s, with HueChat’s own message', async (upstream, error, status) => {
    const { call } = forwarding(() =>
      json({ error: 'x', message: 'API key does not have permission', code: upstream }, upstream, { 'retry-after': '7' }),
    )
    const answer = await call('/v2/contacts')
    expect(answer).toMatchObject({ status, body: { error, message: 'API key does not have permission', status: upstream } })
    expect(answer.body['retry_after']).toBe(error === 'quota' ? 7 : undefined)
    expect(answer.headers.get('retry-after')).toBe(error === 'quota' ? '7' : null)
  })

  test.each([500, 503])('%i is unavailable, in our words', async (upstream) => {
    const { call } = forwarding(() => json({ message: 'stack trace' }, upstream, { 'retry-after': '7' }))
    const answer = await call('/v2/contacts')
    expect(answer).toMatchObject({ status: 503, body: { error: 'unavailable', status: upstream, retry_after: 7 } })
    expect(answer.text).not.toContain('stack')
  })

  test('no message, HTML, or nonsense is told in our words', async () => {
    for (const answer of [
      () => json({}, 404),
      () => json([1], 404),
      () => json({ message: { a: 1 } }, 404),
      () => new Response('<b>', { status: 404 }),
    ]) {
      expect(await forwarding(answer).call('/v2/contacts')).toMatchObject({
        body: { error: 'not_found', message: 'The provider knows no such thing.' },
      })
    }
  })

  test('nothing that is, holds or looks like a credential, in whichever field', async () => {
    const echoes = [
      key,
      key.slice(0, 16),
      key.slice(-12),
      encodeURIComponent(key),
      key.toUpperCase(),
      'sk_test_another0123456',
      'access_token=abc',
      'eyJhbGciOiJI.eyJzdWIi.c2ln',
    ]
    for (const status of [200, 400, 401, 403, 404, 422, 429, 500]) {
      for (const echo of echoes) {
        const { call, heard } = forwarding(() =>
          status === 200
            ? json({}, 200, { 'x-request-id': echo, 'x-ratelimit-limit': echo })
            : json({ message: `Invalid "${echo}" here`, error: echo, code: echo }, status, { 'x-request-id': echo, 'x-key': echo }),
        )
        const answer = await call('/v2/contacts')
        const everything = `${answer.text} ${JSON.stringify([...answer.headers.entries()])} ${heard.map((error) => `${error.stack} ${JSON.stringify(error)}`).join(' ')}`
        expect(everything).not.toContain(echo.replace('access_token=', ''))
      }
    }
  })

  test('a long message is cut, and is one line', async () => {
    const { call } = forwarding(() => json({ message: `a\nb\u0007${'word '.repeat(200)}` }, 422))
    const { message } = (await call('/v2/contacts')).body as { message: string }
    expect(message).toMatch(/^a b word/)
    expect(message.length).toBeLessThanOrEqual(301)
  })

  test('only JSON is passed on', async () => {
    const page = () => new Response('<script>', { headers: { 'content-type': 'text/html' } })
    expect(await forwarding(page).call('/v2/contacts')).toMatchObject({ status: 502, body: { error: 'unavailable' } })
    expect(await forwarding(() => new Response(null, { status: 204 })).call('/v2/contact/c1', { method: 'DELETE' })).toMatchObject({
      status: 204,
      text: '',
    })
  })

  test('the signing secret of a webhook stays here', async () => {
    const secret = { id: 'wh_1', signing_secret: 'whsec_0123456789' }
    const { call } = forwarding(() => json({ ...secret, data: [secret] }))
    const { text, body } = await call('/v2/webhooks', { method: 'POST', body: '{}' })
    expect(text).not.toContain('whsec')
    expect(body).toEqual({ id: 'wh_1', data: [{ id: 'wh_1' }] })
    expect(
      (await forwarding(() => new Response('{', { headers: { 'content-type': 'application/json' } })).call('/v2/webhooks')).status,
    ).toBe(502)
  })

  test('a long answer is passed on as it comes, and ends when the page ends it', async () => {
    let pulled = 0
    const cancelled = vi.fn<() => void>()
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled++
            controller.enqueue(new Uint8Array(1024))
          },
          cancel: cancelled,
        }),
        {
          headers: { 'content-type': 'application/json' },
        },
      )
    const { forward } = forwarding(endless)
    const response = await forward(pageCall('/v2/contacts'))
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.byteLength).toBe(1024)
    await reader?.cancel()
    expect(cancelled).toHaveBeenCalledOnce()
    expect(pulled).toBeLessThan(10)
    await expect((await forward(pageCall('/v2/contacts'))).text()).rejects.toThrow('longer than')
  })
})

describe('over real sockets', () => {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
  })
  async function serverThat(answers: (req: IncomingMessage, res: ServerResponse) => void) {
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
  const through = (host: string, deadlineMs = 5_000) => {
    const heard: MintError[] = []
    const forward = createForwarder({
      upstream: huechat({ key: () => key, hosts: { live: host } }),
      authorize: everything,
      deadlineMs,
      onError: (error) => void heard.push(error),
    })
    return { heard, forward }
  }

  test('an answer', async () => {
    const { host, requests } = await serverThat(
      (_, res) =>
        void res
          .writeHead(200, { 'content-type': 'application/json', connection: 'keep-alive', 'keep-alive': 'timeout=5' })
          .end('{"data":[]}'),
    )
    const response = await through(host).forward(pageCall('/v2/contacts'))
    expect([response.status, await response.text(), response.headers.get('keep-alive')]).toEqual([200, '{"data":[]}', null])
    expect(requests[0]?.headers['x-api-key']).toBe(key)
    expect(requests[0]?.headers.authorization).toBeUndefined()
  })

  test.each([301, 302, 303, 307, 308])('%i is neither followed nor passed on', async (status) => {
    const elsewhere = await serverThat((_, res) => void res.writeHead(200).end())
    const { host } = await serverThat((_, res) => void res.writeHead(status, { location: elsewhere.host }).end())
    const response = await through(host).forward(pageCall('/v2/contacts'))
    expect([response.status, response.headers.get('location')]).toEqual([502, null])
    expect(elsewhere.requests).toHaveLength(0)
  })

  test.each<[string, (req: IncomingMessage, res: ServerResponse) => void, number]>([
    ['silence', () => {}, 504],
    ['a hang-up', (req) => void req.socket.destroy(), 502],
  ])('%s is unavailable, and told once', async (_, answers, status) => {
    const { host } = await serverThat(answers)
    const { forward, heard } = through(host, 1_100)
    const response = await forward(pageCall('/v2/contacts'))
    expect([response.status, (await response.json()) as unknown]).toMatchObject([status, { error: 'unavailable' }])
    expect(heard).toHaveLength(1)
  })

  test('an answer that stops in its middle is cut off', async () => {
    const { host } = await serverThat((_, res) => void res.writeHead(200, { 'content-type': 'application/json' }).write('{"data":['))
    const response = await through(host, 1_050).forward(pageCall('/v2/contacts'))
    await expect(response.text()).rejects.toThrow('no answer within')
  })

  test('a page that goes away ends the call', async () => {
    const page = new AbortController()
    let closed: () => void = () => {}
    const hungUp = new Promise<void>((resolve) => (closed = resolve))
    const { host } = await serverThat((req) => {
      req.socket.once('close', closed)
      page.abort(new Error('gone'))
    })
    const { forward, heard } = through(host)
    await forward(pageCall('/v2/contacts', { signal: page.signal }))
    await hungUp
    expect(heard).toEqual([])
  })

  test('an authorize that never answers is not waited for', async () => {
    const { forward } = forwarding(undefined, { authorize: never, deadlineMs: 20 })
    expect((await forward(pageCall('/v2/contacts'))).status).toBe(504)
  })
})
