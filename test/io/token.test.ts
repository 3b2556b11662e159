import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import { callbackAsker, endpointAsker } from '../../src/io/token.ts'
import type { TokenCallback, TokenEndpointOptions } from '../../src/options.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import type { Answer } from '../../src/wire/grant.ts'

const request = { reason: 'connect', attempt: 0, handle: undefined, signal: new AbortController().signal } as const
const lifetimeMs = 60_000

/** An endpoint that answers like this, and what it was asked. */
function endpoint(answer: () => Response | Promise<Response>, own: Partial<TokenEndpointOptions> = {}) {
  const world = createTestWorld()
  const asked: RequestInit[] = []
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => (asked.push(init), answer())
  return { asked, world, asker: endpointAsker({ url: '/token', ...own }, { ...world.host, fetch }) }
}

const says = async (answer: () => Response | Promise<Response>): Promise<Answer> => endpoint(answer).asker.ask(request, lifetimeMs)
const grant = { is: 'grant', token: 'good-0001', lifetimeMs, connectByMs: null, handle: undefined }
const body = '{"access_token":"good-0001"}'
const json = { 'content-type': 'application/json' }
const failed = (no: string, detail: string): object => ({ is: 'failed', no, retryAfterMs: 0, detail })

/** A body that comes in these pieces. */
const inPieces = (...pieces: (Uint8Array | Error)[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece instanceof Error) controller.error(piece)
      else if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })

describe('the answer of a token endpoint', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/vnd.a-b.c_1+json',
    'application/a+json',
    'application/a+b+json',
  ])('is read where it is JSON by its type: %s', async (type) => {
    expect(await says(() => new Response(body, { headers: { 'content-type': type } }))).toEqual(grant)
  })

  it.each(['text/html', 'text/json', 'x-application/json', 'application/jsonp', 'application/+json', 'application/a json', ''])(
    'is not read where it is something else: %s',
    async (type) => {
      const detail = 'the token endpoint answered 200 without JSON: a login page or a wrong address?'
      expect(await says(() => new Response(body, { headers: { 'content-type': type } }))).toEqual(failed('malformed', detail))
    },
  )

  it('may have no type and no body', async () => {
    expect(await says(() => new Response(null, { status: 401 }))).toMatchObject({ is: 'refused', no: 'login_required' })
    expect(await says(() => new Response(null, { headers: json }))).toEqual(failed('malformed', 'the answer is not JSON'))
  })

  it('is a no without JSON as well, by its status and its Retry-After', async () => {
    const no = await says(() => new Response('<html>', { status: 429, headers: { 'content-type': 'text/html', 'retry-after': '7' } }))
    expect(no).toMatchObject({ is: 'refused', no: 'quota', retryAfterMs: 7000 })
    const long = await says(() => new Response(' '.repeat(20_000), { status: 403, headers: json }))
    expect(long).toMatchObject({ is: 'refused', no: 'key_refused' })
    expect(await says(() => Response.json({ error: 'revoked' }, { status: 403 }))).toMatchObject({ is: 'refused', no: 'revoked' })
  })

  it('is given up as soon as it is too long, and none of it is waited for that nobody reads', async () => {
    const cancelled: string[] = []
    const endless = (name: string) =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(32)),
        cancel: () => void cancelled.push(name),
      })
    expect(await says(() => new Response(endless('json'), { headers: json }))).toEqual(
      failed('malformed', 'the answer is longer than 16 KiB'),
    )
    await says(() => new Response(endless('html'), { headers: { 'content-type': 'text/html' } }))
    expect(cancelled).toEqual(['json', 'html'])
  })

  it('may come in pieces, cut in the middle of a character', async () => {
    const bytes = new TextEncoder().encode('{"handle":"ä","access_token":"good-0001"}')
    expect(await says(() => new Response(inPieces(bytes.slice(0, 12), bytes.slice(12)), { headers: json }))).toEqual({
      ...grant,
      handle: 'ä',
    })
    const cut = new Response(inPieces(new TextEncoder().encode(body), new Uint8Array([0xc3])), { headers: json })
    expect(await says(() => cut), 'half a character at the end').toEqual(failed('malformed', 'the answer is not JSON'))
  })

  it('that breaks off is a broken network, and so is one that cannot be read at all', async () => {
    const broken = (): Response => new Response(inPieces(new Uint8Array([123]), new TypeError('gone')), { headers: json })
    expect(await says(broken)).toEqual(failed('network', 'TypeError: gone'))
    expect(await says(() => Promise.reject(new TypeError('Failed to fetch')))).toEqual(failed('network', 'TypeError: Failed to fetch'))
  })

  it('without a stream has 16 KiB, too', async () => {
    const native = (text: string) => (): Response =>
      ({ ok: true, status: 200, headers: new Headers(json), text: () => Promise.resolve(text) }) as Response
    const spaces = ' '.repeat(16_384 - body.length)
    expect(await says(native(body + spaces))).toEqual(grant)
    expect(await says(native(`${body}${spaces} `))).toEqual(failed('malformed', 'the answer is longer than 16 KiB'))
  })
})

describe('a token request', () => {
  it('asks for what the application would rather be told, if it says so', async () => {
    const { asker, asked } = endpoint(() => new Response(body, { headers: json }), { headers: { Accept: 'application/vnd.app+json' } })
    await asker.ask(request, lifetimeMs)
    expect(asked[0]!.headers).toEqual({ accept: 'application/vnd.app+json', 'content-type': 'application/json', 'x-heartwire': '1' })
  })

  it('says what is asked for, and the application’s own beside it', async () => {
    const { asker, asked } = endpoint(() => new Response(body, { headers: json }), { body: { room: 1, reason: 'mine' } })
    await asker.ask({ ...request, handle: 'h' }, lifetimeMs)
    await asker.release('h')
    expect(asked.map((init) => JSON.parse(init.body as string) as unknown)).toEqual([
      { room: 1, reason: 'connect', attempt: 0, handle: 'h' },
      { room: 1, reason: 'release', handle: 'h' },
    ])
    expect(asked.map(({ signal }) => signal === request.signal)).toEqual([true, false])
  })

  it('of a release has 10 s, and leaves no timer', async () => {
    const { asker, asked, world } = endpoint(() => new Promise(() => {}))
    void asker.release('h')
    await world.advance(9999)
    expect(asked[0]!.signal!.aborted).toBe(false)
    await world.advance(1)
    expect([asked[0]!.signal!.aborted, world.census.timers]).toEqual([true, 0])
    const other = endpoint(() => new Response(null, { status: 204 }))
    await other.asker.release('h')
    expect([other.asked[0]!.signal!.aborted, other.world.census.timers]).toEqual([false, 0])
  })

  it('of a release is over whatever the answer is, and reads none of it', async () => {
    let cancelled = 0
    const stream = (): ReadableStream => new ReadableStream({ cancel: () => void cancelled++ })
    await endpoint(() => new Response(stream())).asker.release('h')
    expect(cancelled).toBe(1)
    await endpoint(() => new Response(null, { status: 204 })).asker.release('h')
    await endpoint(() => Promise.reject(new TypeError('gone'))).asker.release('h')
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('gone')) })
    await endpoint(() => new Response(broken)).asker.release('h')
  })
})

describe('a token callback', () => {
  const calls = (callback: () => unknown): Promise<Answer> => callbackAsker(callback as TokenCallback).ask(request, lifetimeMs)
  const throws = (thrown: unknown): Promise<Answer> => calls(() => Promise.reject(thrown))

  it.each([
    [{ access_token: 'good-0001' }, grant],
    [null, failed('malformed', 'the answer is not a JSON object')],
    ['good-0001', failed('malformed', 'the answer is not a JSON object')],
    [
      { error: 'unavailable', retry_after: 3 },
      { is: 'failed', no: 'unavailable', retryAfterMs: 3000 },
    ],
    [{ error: 'quota' }, { is: 'refused', no: 'quota', hard: false }],
    [
      { error: 'quota', status: 402 },
      { is: 'refused', no: 'quota', hard: true },
    ],
    [
      { error: 'quota', status: 429 },
      { is: 'refused', no: 'quota', hard: false },
    ],
  ])('may return %j', async (returned, answer) => {
    expect(await calls(() => returned)).toMatchObject(answer)
  })

  it.each(['login_required', 'key_refused', 'revoked', 'quota'] as const)('may refuse with %s', async (no) => {
    expect(await throws(new SessionError(no, 'mine'))).toEqual({
      is: 'refused',
      no,
      hard: false,
      retryAfterMs: 0,
      detail: `SessionError: [${no}] mine`,
    })
  })

  it.each(['network', 'timeout', 'malformed', 'unavailable'] as const)('may fail with %s', async (no) => {
    expect(await throws(new SessionError(no, 'mine'))).toEqual(failed(no, `SessionError: [${no}] mine`))
  })

  it('may forbid, and means nothing by a code that is not the endpoint’s to say', async () => {
    expect(await throws(new SessionError('forbidden', 'mine'))).toEqual({ is: 'forbidden', detail: 'SessionError: [forbidden] mine' })
    for (const code of ['rejected', 'stopped', 'bad_configuration', 'gave_up', 'closed', 'paused', 'aborted'] as const)
      expect(await throws(new SessionError(code, 'mine'))).toMatchObject({ is: 'failed', no: 'unavailable' })
  })

  it('that throws something else is not available; its words are kept, without what could be a token, and 200 of them', async () => {
    expect(await throws(new RangeError('no luck'))).toEqual(failed('unavailable', 'RangeError: no luck'))
    expect(await throws({ token: 'held' })).toEqual(failed('unavailable', 'something that is not an Error was thrown'))
    expect(await throws(new Error('with a1b2c3d4e5f6g7h8'))).toEqual(failed('unavailable', 'Error: with [secret]'))
    expect(await throws(new Error('so it went '.repeat(30)))).toEqual(
      failed('unavailable', `Error: ${'so it went '.repeat(30)}`.slice(0, 200)),
    )
  })

  it('has nothing to release', async () => {
    let calls = 0
    await callbackAsker(() => (calls++, { access_token: 'good-0001' })).release('h')
    expect(calls).toBe(0)
  })
})
