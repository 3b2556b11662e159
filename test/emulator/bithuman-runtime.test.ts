import { afterEach, describe, expect, test } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { withFaults } from '../../src/emulator/faults.ts'
import { realWorld, serve, type Served } from '../../src/emulator/node.ts'
import { sign } from '../../src/jwt/sign.ts'
import { fixture } from './bithuman-fixture.ts'
import { connect, eventually } from './client.ts'

const second = 1000
const minute = 60 * second

describe('the handshake', () => {
  test('opens with a runtime token and starts with ready', async () => {
    const { mint, dial, bithuman } = fixture()
    const { token, transaction } = await mint()
    const { got } = await dial(token)
    expect(got).toEqual([{ type: 'ready', session: transaction }])
    expect([bithuman.liveSockets, bithuman.counts.upgrades]).toEqual([1, 1])
  })

  test('with the fingerprint as audience', async () => {
    const { mint, dial } = fixture({ audience: 'fingerprint' })
    expect((await dial((await mint(undefined, { fingerprint: 'abc' })).token)).got).toHaveLength(1)
  })

  test('is refused without a good token', async () => {
    const { mint, dial, bithuman, world } = fixture()
    const { token } = await mint()
    const forged = await sign({ iss: 'bitHuman', aud: 'bithuman-runtime', sub: 'user_01', exp: 9e9 }, { secret: new Uint8Array(32) })
    for (const bad of ['', 'nonsense', forged, token.slice(0, -2), bithuman.secret]) await expect(dial(bad)).rejects.toThrow('refused: 401')
    await world.pass(299 * second)
    await dial(token)
    await world.pass(1 * second)
    await expect(dial(token)).rejects.toThrow('refused: 401')
  })

  test('is refused after expireTokens(), and for an ended session', async () => {
    const { mint, dial, post, bithuman } = fixture()
    const { token, transaction } = await mint()
    bithuman.expireTokens()
    await expect(dial(token)).rejects.toThrow('refused: 401')
    const renewed = await mint(transaction)
    await post(`/v1/runtime-sessions/${transaction}/end`)
    await expect(dial(renewed.token)).rejects.toThrow('refused: 401')
  })

  test('elsewhere is 404', async () => {
    const { bithuman } = fixture()
    const outcome = await bithuman.upgrade({ url: new URL('wss://x/v0/other'), headers: new Headers(), protocols: [] })
    expect(outcome).toMatchObject({ status: 404 })
  })
})

describe('frames', () => {
  test('come at fps, numbered, with the provider clock', async () => {
    const { mint, dial, world, bithuman } = fixture({ fps: 4 })
    const { got } = await dial((await mint()).token)
    const start = world.now()
    await world.pass(1 * second)
    expect(got.slice(1)).toEqual([0, 1, 2, 3].map((index) => ({ type: 'frame', index, at: start + 250 * (index + 1) })))
    expect(bithuman.counts.frames).toBe(4)
  })

  test('stop with the token, and the socket is closed 30 s later', async () => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const socket = await dial((await mint()).token)
    await world.pass(5 * minute)
    expect(socket.frames()).toBe(299)
    await world.pass(29 * second)
    expect([socket.frames(), socket.closed]).toEqual([299, []])
    await world.pass(1 * second)
    expect([socket.closed, bithuman.liveSockets, world.timers]).toEqual([[{ code: 4401, reason: 'token expired' }], 0, 0])
  })

  test('go on while beats succeed, on the same socket and without a gap', async () => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const { token, transaction } = await mint()
    const socket = await dial(token)
    for (let beat = 0; beat < 20; beat++) {
      await world.pass(1 * minute)
      await mint(transaction)
    }
    expect([socket.frames(), socket.closed, bithuman.counts.sessions]).toEqual([1200, [], 1])
  })

  test('a session that lapsed goes on when it is renewed within the 30 s', async () => {
    const { mint, dial, world } = fixture({ fps: 1 })
    const { token, transaction } = await mint()
    const socket = await dial(token)
    await world.pass(5 * minute + 20 * second)
    expect(socket.frames()).toBe(299)
    await mint(transaction)
    await world.pass(20 * second)
    expect([socket.frames() > 315, socket.closed]).toEqual([true, []])
  })

  test('a beat that names another session renews nothing here', async () => {
    const { mint, dial, world } = fixture({ fps: 1 })
    const socket = await dial((await mint()).token)
    await world.pass(4 * minute)
    await mint()
    await world.pass(2 * minute)
    expect(socket.closed).toEqual([{ code: 4401, reason: 'token expired' }])
  })

  test('none with fps 0, and the socket still lapses', async () => {
    const { mint, dial, world } = fixture({ fps: 0, tokenTtlSeconds: 60 })
    const socket = await dial((await mint()).token)
    await world.pass(90 * second)
    expect([socket.frames(), socket.closed.length]).toEqual([0, 1])
  })

  test('the grace since the last beat counts if it is shorter than the token', async () => {
    const { mint, dial, world } = fixture({ fps: 1, tokenTtlSeconds: 3600, beatGraceSeconds: 120, lapseCloseSeconds: 10 })
    const socket = await dial((await mint()).token)
    await world.pass(130 * second)
    expect([socket.frames(), socket.closed.length]).toEqual([119, 1])
  })
})

describe('a refused beat', () => {
  test('rotation: frames go on until the next beat, stop with it, and come back with the new secret', async () => {
    const { mint, dial, post, world, bithuman } = fixture({ fps: 1 })
    const { token, transaction } = await mint()
    const socket = await dial(token)
    const old = bithuman.secret
    await world.pass(30 * second)
    bithuman.rotate()
    await world.pass(30 * second)
    expect(socket.frames()).toBe(60)
    expect((await post('/v1/runtime-tokens/request', { transaction_id: transaction }, old)).status).toBe(403)
    await world.pass(1 * minute)
    expect([socket.frames(), socket.closed]).toEqual([60, []])
    await mint(transaction)
    await world.pass(10 * second)
    expect([socket.frames() >= 69, socket.frames() <= 71, bithuman.counts.sessions]).toEqual([true, true, 1])
  })

  test.each([401, 402, 403])('%i stops frames at once', async (status) => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const { token, transaction } = await mint()
    const socket = await dial(token)
    await world.pass(10 * second)
    bithuman.refuseMints(status)
    await expect(mint(transaction)).rejects.toThrow(String(status))
    await world.pass(10 * second)
    expect([socket.frames(), bithuman.counts.refusedMints]).toEqual([10, 1])
  })

  test.each([429, 500, 503])('%i leaves the token its life', async (status) => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const { token, transaction } = await mint()
    const socket = await dial(token)
    bithuman.refuseMints(status)
    await expect(mint(transaction)).rejects.toThrow(String(status))
    await world.pass(10 * second)
    expect(socket.frames()).toBe(10)
  })

  test('of another session stops nothing here', async () => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const socket = await dial((await mint()).token)
    bithuman.outOfCredit(true)
    await expect(mint()).rejects.toThrow('402')
    await world.pass(10 * second)
    expect(socket.frames()).toBe(10)
  })
})

describe('the other ends of a socket', () => {
  test('expireTokens() stops frames at once', async () => {
    const { mint, dial, world, bithuman } = fixture({ fps: 1 })
    const socket = await dial((await mint()).token)
    bithuman.expireTokens()
    await world.pass(30 * second)
    expect([socket.frames(), socket.closed]).toEqual([0, [{ code: 4401, reason: 'token expired' }]])
  })

  test('dropSockets() with a code and without', async () => {
    const { mint, dial, bithuman, world } = fixture()
    const { token } = await mint()
    const [one] = [await dial(token), await dial(token)]
    expect([bithuman.dropSockets(1012, 'restart'), one?.closed]).toEqual([2, [{ code: 1012, reason: 'restart' }]])
    const other = await dial(token)
    expect([bithuman.dropSockets(), other.closed]).toEqual([1, [{ code: 1006, reason: '' }]])
    expect([bithuman.liveSockets, world.timers]).toEqual([0, 0])
  })

  test('ending the session closes its sockets', async () => {
    const { mint, dial, post } = fixture()
    const { token, transaction } = await mint()
    const socket = await dial(token)
    await post(`/v1/runtime-sessions/${transaction}/end`)
    expect(socket.closed).toEqual([{ code: 1000, reason: 'session ended' }])
  })

  test('a client that leaves leaves nothing behind', async () => {
    const { mint, dial, bithuman, world } = fixture()
    const socket = await dial((await mint()).token)
    socket.leave()
    expect([bithuman.liveSockets, world.timers]).toEqual([0, 0])
  })
})

describe('speak', () => {
  test('is answered with a transcript and a few frames', async () => {
    const { mint, dial } = fixture()
    const { got, say } = await dial((await mint()).token)
    say(JSON.stringify({ type: 'speak', text: 'Hello' }))
    expect(got.slice(1).map(({ type }) => type)).toEqual(['transcript', 'frame', 'frame', 'frame'])
  })

  test('a paused avatar says nothing', async () => {
    const { mint, dial, bithuman } = fixture()
    const { got, say } = await dial((await mint()).token)
    bithuman.expireTokens()
    say(JSON.stringify({ type: 'speak', text: 'Hello' }))
    expect(got).toHaveLength(1)
  })

  test.each(['nonsense', '{}', '[]', 'null', '{"type":"speak"}', '{"type":"speak","text":7}', new Uint8Array([1])])(
    '%s is ignored',
    async (data) => {
      const { mint, dial } = fixture()
      const { got, closed, say } = await dial((await mint()).token)
      say(data)
      expect([got.length, closed]).toEqual([1, []])
    },
  )
})

describe('over real sockets', () => {
  const served: Served[] = []
  afterEach(async () => void (await Promise.all(served.splice(0).map((server) => server.close()))))
  const real = async () => {
    const bithuman = createBithuman({ fps: 50 })
    const faulty = withFaults(bithuman, realWorld())
    const server = await serve(faulty)
    served.push(server)
    const mint = async (transaction?: string, secret = bithuman.secret) => {
      const body = JSON.stringify(transaction ? { transaction_id: transaction } : {})
      return fetch(`${server.url}/v1/runtime-tokens/request`, { method: 'POST', headers: { 'api-secret': secret }, body })
    }
    const { data } = (await (await mint()).json()) as { data: { token: string; transaction_id: string } }
    return { bithuman, faulty, server, mint, token: data.token, transaction: data.transaction_id }
  }

  test('mint, connect, frames, speak, rotate, pause, renew', async () => {
    const { bithuman, server, mint, token, transaction } = await real()
    const client = connect(`${server.wsUrl}/v1/runtime/A1?access_token=${token}`)
    const [ready] = await client.got(3)
    expect(JSON.parse(String(ready))).toEqual({ type: 'ready', session: transaction })
    client.socket.send(JSON.stringify({ type: 'speak', text: 'Hi' }))
    await eventually(() => client.frames).toContain('{"type":"transcript","text":"Hi"}')
    const old = bithuman.secret
    bithuman.rotate()
    expect((await mint(transaction, old)).status).toBe(403)
    const { frames } = bithuman.counts
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect([bithuman.counts.frames, client.socket.readyState]).toEqual([frames, client.socket.OPEN])
    expect((await mint(transaction)).status).toBe(200)
    await eventually(() => bithuman.counts.frames).toBeGreaterThan(frames + 2)
    expect([bithuman.liveSockets, bithuman.counts.sessions]).toEqual([1, 1])
  })

  test('a bad token is a 401 that can be seen', async () => {
    const { server } = await real()
    expect(await connect(`${server.wsUrl}/v1/runtime/A1?access_token=bad`).refused).toBe(401)
  })

  test('a half-open socket brings no frames, and the late ones when it is healed', async () => {
    const { bithuman, faulty, server, token } = await real()
    const client = connect(`${server.wsUrl}/v1/runtime/A1?access_token=${token}`)
    await client.got(2)
    faulty.faults.silence(true)
    // What had left before still arrives.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const seen = client.frames.length
    const sent = bithuman.counts.frames
    await eventually(() => bithuman.counts.frames).toBeGreaterThan(sent + 3)
    expect(client.frames).toHaveLength(seen)
    faulty.faults.heal()
    await client.got(seen + 4)
    bithuman.dropSockets(4000)
    expect((await client.closed).code).toBe(4000)
  })
})
