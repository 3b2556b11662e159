import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { providers } from '../../src/cli/emulate/providers.ts'
import { latch } from '../emulator/latch.ts'
import { ran } from './terminal.ts'
import type { Ran } from './terminal.ts'

interface Described {
  readonly name: string
  readonly url: string
  readonly wsUrl?: string
  readonly variables: Record<string, string>
  readonly faults: string
  readonly counts: string
  readonly controls: readonly string[]
}

const running: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()))
})

/** Starts `heartwire emulate` on free ports, and waits until it has told where. */
async function emulated(...names: string[]): Promise<{ all: Described[]; stop: () => Promise<Ran> }> {
  const told = latch()
  const stopped = latch()
  let line = ''
  const ended = ran(['emulate', ...names, '--port', '0', '--json'], {
    stdout: (text) => ((line += text), told.open()),
    stopped: () => stopped.opened,
  })
  const stop = (): Promise<Ran> => (stopped.open(), ended)
  running.push(stop)
  await Promise.race([told.opened, ended])
  return { all: (JSON.parse(line) as { providers: Described[] }).providers, stop }
}

async function one(name: string): Promise<Described> {
  const { all } = await emulated(name)
  return all[0]!
}

const press = (at: Described, name: string, args: unknown = {}): Promise<Response> =>
  fetch(`${at.faults}/${name}`, { method: 'POST', body: typeof args === 'string' ? args : JSON.stringify(args) })

const bithumanMint = (at: Described, secret = at.variables['BITHUMAN_API_SECRET'] ?? '', signal?: AbortSignal): Promise<Response> =>
  fetch(`${at.url}/v1/runtime-tokens/request`, {
    method: 'POST',
    headers: { 'api-secret': secret, 'content-type': 'application/json' },
    body: '{"fingerprint":"one"}',
    ...(signal && { signal }),
  })

test('without a name all of them run, each on a port of its own, and stop cleanly', async () => {
  const { all, stop } = await emulated()
  expect(all.map(({ name }) => name)).toEqual(['hume', 'bithuman', 'agenthuman', 'huechat'])
  expect(new Set(all.map(({ url }) => url)).size).toBe(4)
  for (const at of all) {
    const listed = (await (await fetch(at.faults)).json()) as { provider: string; controls: object }
    expect(listed.provider).toBe(at.name)
    expect(Object.keys(listed.controls)).toEqual(expect.arrayContaining(['silence', 'heal', ...at.controls]))
    expect(Object.values(at.variables).every((value) => value.length > 8)).toBe(true)
  }
  const { code, err } = await stop()
  expect([code, err]).toEqual([0, ''])
  await expect(fetch(all[0]!.url)).rejects.toThrow('fetch failed')
})

test('the text can be pasted into a shell, and says that the keys are fake', async () => {
  const { code, out } = await ran(['emulate', 'bithuman', 'huechat', '--port', '0'])
  expect(code).toBe(0)
  const assignments = out.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(assignments.map((line) => /^(\w+)=[\w:/.-]+$/.exec(line)?.[1])).toEqual([
    'BITHUMAN_URL',
    'BITHUMAN_WS_URL',
    'BITHUMAN_API_SECRET',
    'HUECHAT_URL',
    'HUECHAT_API_KEY',
  ])
  expect(out).toContain('The keys are fake')
})

test('each has a default port that is documented', () => {
  expect(Object.values(providers).map(({ port }) => port)).toEqual([4701, 4702, 4703, 4704])
})

test('a port that is taken is told, and nothing is left behind', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { code, err } = await ran(['emulate', 'hume', '--port', String(port)])
  await new Promise((resolve) => server.close(resolve))
  expect([code, err]).toEqual([1, 'heartwire: the port is taken. Choose another with --port, or --port 0 for any free one.\n'])
})

test('a host that others can reach is warned of', async () => {
  expect((await ran(['emulate', 'hume', '--port', '0', '--host', '0.0.0.0'])).err).toMatch(/^heartwire: warning: on 0\.0\.0\.0 others/)
  expect((await ran(['emulate', 'hume', '--port', '0'])).err).toBe('')
})

describe('faults', () => {
  test('refuse, by path and number, and heal', async () => {
    const at = await one('bithuman')
    await press(at, 'refuse', { status: 503, times: 1, path: '/v1/runtime', body: { error: 'busy' }, headers: { 'retry-after': '7' } })
    expect((await fetch(`${at.url}/v1/validate`, { method: 'POST' })).status).toBe(200)
    const refused = await bithumanMint(at)
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([503, '7', { error: 'busy' }])
    expect((await bithumanMint(at)).status).toBe(200)
    await press(at, 'down')
    await expect(bithumanMint(at)).rejects.toThrow('fetch failed')
    await press(at, 'heal')
    expect((await bithumanMint(at)).status).toBe(200)
  })

  test('silence holds requests, not the controls; what is on can be seen', async () => {
    const at = await one('bithuman')
    await press(at, 'silence')
    const held = bithumanMint(at)
    for (let requests = 0; requests < 1;) {
      requests = ((await (await fetch(at.counts)).json()) as { line: { requests: number } }).line.requests
    }
    expect(await (await fetch(at.faults)).json()).toMatchObject({ state: { silence: {} } })
    await press(at, 'heal')
    expect((await held).status).toBe(200)
    expect(((await (await fetch(at.faults)).json()) as { state: object }).state).toEqual({})
    expect(await (await fetch(at.counts)).json()).toMatchObject({ provider: { mints: 1 }, line: { requests: 1, open: 0 } })
  })

  test('drop closes sockets with a code', async () => {
    const at = await one('hume')
    const socket = new WebSocket(`${at.wsUrl}/v0/evi/chat?api_key=${at.variables['HUME_API_KEY']}`)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('message', resolve))
    expect(await (await press(at, 'drop', { code: 4000 })).json()).toEqual({ done: 'drop', dropped: 1 })
    expect(await closed).toBe(4000)
  })

  test.each([
    ['refuse', {}, 'status: an HTTP status, a whole number from 200 to 599; or null, which ends it'],
    ['refuse', { status: 99 }, 'status: an HTTP status'],
    ['refuse', { status: 500, headers: { 'a b': 'c' } }, 'headers: an object of HTTP headers'],
    ['slow', { ms: -1 }, 'ms: milliseconds, a whole number from 0 to 600000'],
    ['silence', { on: 'yes' }, 'on: true or false'],
    ['silence', { held: 'frames' }, 'held: "requests" or "answers"'],
    ['drop', { code: 7 }, 'code: a close code, a whole number from 1000 to 4999'],
    ['heal', { all: true }, 'an unknown argument was given; allowed: {}'],
    ['heal', 'nonsense', 'the body must be a JSON object'],
    ['heal', '[]', 'the body must be a JSON object'],
  ])('%s(%j) is told what is allowed', async (name, args, description) => {
    const answer = await press(await one('bithuman'), name, args)
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { description: string }).description).toContain(description)
  })

  test('what there is not, is told', async () => {
    const at = await one('bithuman')
    const unknown = await press(at, 'toString')
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining('silence, refuse')])
    expect((await fetch(`${at.faults}/heal`)).status).toBe(405)
    expect((await fetch(at.url + '/_heartwire')).status).toBe(404)
    expect((await fetch(at.url + '/_heartwired')).status).toBe(404)
  })

  test('a page cannot press the buttons', async () => {
    const at = await one('bithuman')
    const answer = await fetch(`${at.faults}/rotate`, { method: 'POST', headers: { origin: 'https://evil.example' } })
    expect(answer.status).toBe(403)
    expect((await bithumanMint(at)).status).toBe(200)
  })
})

describe('their own controls', () => {
  test('bithuman: rotate', async () => {
    const at = await one('bithuman')
    const { BITHUMAN_API_SECRET: secret } = (await (await press(at, 'rotate')).json()) as Record<string, string>
    expect((await bithumanMint(at)).status).toBe(403)
    expect((await bithumanMint(at, secret)).status).toBe(200)
    await press(at, 'suspend')
    expect((await bithumanMint(at, secret)).status).toBe(403)
    await press(at, 'suspend', { on: false })
    await press(at, 'outOfCredit')
    expect((await bithumanMint(at, secret)).status).toBe(402)
  })

  test('hume: regenerateKeys, and an error frame', async () => {
    const at = await one('hume')
    const exchange = (key = '', secret = ''): Promise<Response> =>
      fetch(`${at.url}/oauth2-cc/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${key}:${secret}`)}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials',
      })
    const { HUME_API_KEY, HUME_SECRET_KEY } = at.variables
    expect((await exchange(HUME_API_KEY, HUME_SECRET_KEY)).status).toBe(200)
    const pair = (await (await press(at, 'regenerateKeys')).json()) as Record<string, string>
    expect((await exchange(HUME_API_KEY, HUME_SECRET_KEY)).status).toBe(401)
    expect((await exchange(pair['HUME_API_KEY'], pair['HUME_SECRET_KEY'])).status).toBe(200)
  })

  test('agenthuman: rotate', async () => {
    const at = await one('agenthuman')
    const sessions = (key = ''): Promise<Response> => fetch(`${at.url}/v1/sessions`, { headers: { 'x-api-key': key } })
    const before = (await sessions(at.variables['AGENTHUMAN_API_KEY'])).status
    const { AGENTHUMAN_API_KEY: key } = (await (await press(at, 'rotate')).json()) as Record<string, string>
    expect((await sessions(at.variables['AGENTHUMAN_API_KEY'])).status).toBe(401)
    expect((await sessions(key)).status).toBe(before)
    expect(before).not.toBe(401)
  })

  test('huechat: rotate with overlap, then delete', async () => {
    const at = await one('huechat')
    const list = async (key = ''): Promise<number> => (await fetch(`${at.url}/v2/conversations`, { headers: { 'x-api-key': key } })).status
    const old = at.variables['HUECHAT_API_KEY']
    const { HUECHAT_API_KEY: fresh } = (await (await press(at, 'rotateKey')).json()) as Record<string, string>
    expect([await list(old), await list(fresh)]).toEqual([200, 200])
    await press(at, 'deleteKey', { key: old })
    expect([await list(old), await list(fresh)]).toEqual([401, 200])
    expect((await press(at, 'deleteKey', { key: 'nobody' })).status).toBe(400)
  })
})
