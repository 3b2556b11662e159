/** What a page does over the forwarder with AgentHuman and bitHuman, against their emulators. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { agenthuman, bithuman, createForwarder } from '../../src/server/index.ts'
import type { Caller, Upstream } from '../../src/server/index.ts'
import { agentBody } from '../emulator/agenthuman-fixture.ts'
import { fixture } from '../emulator/bithuman-fixture.ts'
import { forwarding, pageCall } from '../server/forward-kit.ts'

function through(upstream: Upstream, caller: Partial<Caller> = {}) {
  const forward = createForwarder({ upstream, authorize: () => ({ id: 'ann', scopes: ['*'], ...caller }), onError: () => {} })
  return async (method: string, path: string, body?: object) => {
    const response = await forward(pageCall(path, { method, ...(body && { body: JSON.stringify(body) }) }))
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
}

describe('AgentHuman over the backend', () => {
  /** A page whose user has signed in at AgentHuman. */
  async function signedIn(scopes: readonly string[] = ['*']) {
    const account = createAgenthuman()
    const post = (path: string, body: object) =>
      account.fetch(
        new Request(`https://api.agenthuman.com/v1${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      )
    await post('/auth/otp/request', { email: account.email })
    const { token } = (await (await post('/auth/otp/verify', { email: account.email, otp: account.otp })).json()) as { token: string }
    return through(agenthuman({ key: () => account.key, fetch: account.fetch }), { bearer: token, scopes })
  }

  test('agents with the user’s JWT: created, listed, read, changed and deleted', async () => {
    const call = await signedIn()
    const created = await call('POST', '/v1/agents', agentBody)
    const { agent_id } = created.body['agent'] as { agent_id: string }
    expect((await call('GET', '/v1/agents')).body['agents']).toMatchObject([{ agent_id }])
    expect((await call('PUT', `/v1/agents/${agent_id}`, { name: 'New' })).body['agent']).toMatchObject({ name: 'New' })
    expect((await call('DELETE', `/v1/agents/${agent_id}`)).status).toBe(200)
    expect(await call('GET', `/v1/agents/${agent_id}`)).toMatchObject({ status: 404, body: { error: 'not_found' } })
  })

  test('avatars, voices and roles: the user’s own, and the public ones', async () => {
    const call = await signedIn()
    for (const kind of ['avatars', 'voices', 'roles']) {
      const own = (await call('GET', `/v1/${kind}`)).body[kind] as { is_public: number }[]
      expect(new Set(own.map((item) => item.is_public))).toEqual(new Set([0]))
      expect((await call('GET', `/v1/${kind}/public`)).body[kind]).toEqual(
        expect.arrayContaining([expect.objectContaining({ is_public: 1 })]),
      )
    }
  })

  test('a session and its messages with the key, each with a scope of its own', async () => {
    const call = await signedIn()
    const { agent_id } = (await call('POST', '/v1/agents', agentBody)).body['agent'] as { agent_id: string }
    expect((await call('POST', '/v1/sessions', { agent_id })).status).toBe(200)
    const said = await call('POST', '/v1/sessions/1/messages', { content: 'Hello' })
    expect(said.body).toMatchObject({ message: { content: 'Hello' }, reply: { role: 'assistant' } })
    expect((await call('GET', '/v1/sessions/1/messages')).body['messages']).toHaveLength(2)
    expect((await call('POST', '/v1/sessions/1/end')).status).toBe(200)
    const reader = await signedIn(['messages:read'])
    expect(await reader('POST', '/v1/sessions/1/messages', { content: 'Hello' })).toMatchObject({
      status: 403,
      body: { error: 'forbidden', scope: 'messages:write' },
    })
  })
})

test('a bitHuman agent says in its rooms what a page tells it', async () => {
  const { bithuman: account, mint, dial } = fixture()
  const call = through(bithuman({ secret: () => account.secret, fetch: account.fetch }), { scopes: ['agents:speak'] })
  const room = await dial((await mint(undefined, { agent_code: 'A1', room_name: 'lobby' })).token)
  expect(await call('POST', '/v1/agent/A1/speak', { message: 'Hello' })).toMatchObject({
    status: 200,
    body: { agent_code: 'A1', context_type: 'speak', delivered_to_rooms: 1 },
  })
  expect(room.got).toContainEqual({ type: 'transcript', text: 'Hello' })
  expect((await call('POST', '/v1/agent/A1/add-context', { context: 'A member' })).body).toMatchObject({ delivered_to_rooms: 1 })
})

describe('a page’s body', () => {
  afterEach(() => void vi.useRealTimers())

  test('that does not arrive within 5 s goes nowhere', async () => {
    vi.useFakeTimers()
    const { forward, fetch } = forwarding()
    const body = new ReadableStream({ pull: () => new Promise(() => {}) })
    const asking = forward(pageCall('/v2/contact', { method: 'POST', body, duplex: 'half' } as RequestInit))
    await vi.advanceTimersByTimeAsync(5_000)
    const answer = await asking
    expect([answer.status, await answer.json(), fetch.mock.calls.length]).toMatchObject([400, { error: 'bad_request' }, 0])
  })
})
