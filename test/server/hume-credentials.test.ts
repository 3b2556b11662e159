/** Hume's page "Getting your API keys", line by line: which credential opens what, and for how long. */
import { describe, expect, test } from 'vitest'
import { createHume } from '../../src/emulator/hume.ts'
import { humeMint } from '../../src/server/index.ts'
import { manualWorld } from '../emulator/manual-world.ts'
import { asks } from './requests.ts'

async function account() {
  const world = manualWorld()
  const hume = createHume({ world })
  const pair = () => hume.installed[0] ?? { apiKey: '', secretKey: '' }
  const mint = humeMint({ credentials: pair, fetch: hume.fetch, guard: { now: world.now } })
  const { access_token: token } = await mint(asks())
  const dial = async (path: string, headers: Record<string, string> = {}) => {
    const outcome = await hume.upgrade({ url: new URL(`wss://api.hume.ai${path}`), headers: new Headers(headers), protocols: [] })
    return 'open' in outcome ? 'open' : outcome.status
  }
  const rest = async (path: string, headers: Record<string, string>) => {
    const speaks = path === '/v0/tts' && { method: 'POST', body: JSON.stringify({ utterances: [{ text: 'Hello' }] }) }
    return (await hume.fetch(new Request(`https://api.hume.ai${path}`, { headers, ...speaks }))).status
  }
  return { world, hume, mint, pair, token, dial, rest }
}

const sockets = ['/v0/evi/chat', '/v0/tts/stream/input']
const calls = ['/v0/evi/chats', '/v0/tts', '/v0/tts/voices']

describe('the API key', () => {
  test.each(sockets)('opens %s as api_key in the query, and in the header that a server can set', async (path) => {
    const { dial, pair } = await account()
    expect(await dial(`${path}?api_key=${pair().apiKey}`)).toBe('open')
    expect(await dial(path, { 'x-hume-api-key': pair().apiKey })).toBe('open')
    expect(await dial(`${path}?api_key=nonsense`)).toBe(401)
  })

  test.each(calls)('is the header X-Hume-Api-Key of %s', async (path) => {
    const { rest, pair } = await account()
    expect(await rest(path, { 'x-hume-api-key': pair().apiKey })).toBe(200)
    expect(await rest(path, { 'x-hume-api-key': 'nonsense' })).toBe(401)
    expect(await rest(path, {})).toBe(401)
  })

  test('opens the old Expression Measurement stream both ways, the new one in the header only', async () => {
    const { dial, pair } = await account()
    const header = { 'x-hume-api-key': pair().apiKey }
    expect(await dial(`/v0/stream/models?api_key=${pair().apiKey}`)).toBe('open')
    expect(await dial('/v0/stream/models', header)).toBe('open')
    expect(await dial('/v1/expression/audio/realtime', header)).toBe('open')
    expect(await dial(`/v1/expression/audio/realtime?api_key=${pair().apiKey}`)).toBe(401)
  })
})

describe('the access token', () => {
  test.each(sockets)('opens %s as access_token in the query', async (path) => {
    const { dial, token } = await account()
    expect(await dial(`${path}?access_token=${token}`)).toBe('open')
    expect(await dial(`${path}?api_key=${token}`)).toBe(401)
  })

  test.each(calls)('is the Bearer of %s', async (path) => {
    const { rest, token } = await account()
    expect(await rest(path, { authorization: `Bearer ${token}` })).toBe(200)
    expect(await rest(path, { 'x-hume-api-key': token })).toBe(401)
  })

  test('does not open the old Expression Measurement stream', async () => {
    const { dial, token } = await account()
    expect(await dial(`/v0/stream/models?access_token=${token}`)).toBe(401)
    expect(await dial('/v0/stream/models', { authorization: `Bearer ${token}` })).toBe(401)
  })

  test('is over after 30 minutes, everywhere; then a new one is needed', async () => {
    const { world, mint, token, dial, rest } = await account()
    await world.pass(30 * 60_000 - 1)
    const now = async (token: string) => [
      ...(await Promise.all(sockets.map((path) => dial(`${path}?access_token=${token}`)))),
      ...(await Promise.all(calls.map((path) => rest(path, { authorization: `Bearer ${token}` })))),
    ]
    expect(await now(token)).toEqual(['open', 'open', 200, 200, 200])
    await world.pass(1)
    expect(await now(token)).toEqual([401, 401, 401, 401, 401])
    expect(await now((await mint(asks())).access_token)).toEqual(['open', 'open', 200, 200, 200])
  })
})

test('regenerated keys end the old pair everywhere, and the mint takes the new one without a restart', async () => {
  const { hume, mint, pair, dial, rest } = await account()
  const old = pair()
  hume.regenerateKeys()
  expect(await dial(`/v0/evi/chat?api_key=${old.apiKey}`)).toBe(401)
  expect(await rest('/v0/tts', { 'x-hume-api-key': old.apiKey })).toBe(401)
  const stale = humeMint({ credentials: () => old, fetch: hume.fetch })
  await expect(stale(asks())).rejects.toMatchObject({ code: 'key_refused' })
  const { access_token } = await mint(asks())
  expect(await dial(`/v0/evi/chat?access_token=${access_token}`)).toBe('open')
})
