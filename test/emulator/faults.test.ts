import { beforeEach, describe, expect, test } from 'vitest'
import { Unreachable, withFaults, type Faulty } from '../../src/emulator/faults.ts'
import type { HoldablePeer } from '../../src/emulator/line.ts'
import type { Conversation } from '../../src/emulator/provider.ts'
import { createEcho, type Echo } from './echo.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

let world: ManualWorld
let echo: Echo
let faulty: Faulty

beforeEach(() => {
  world = manualWorld()
  echo = createEcho()
  faulty = withFaults(echo, world)
})

const request = (path = '/', init?: RequestInit) => new Request(`https://api.example${path}`, init)

/** What has become of a promise by now: its status, its error's name, or nothing yet. */
function watch(answer: Promise<Response>) {
  const seen: (number | string)[] = []
  answer.then(
    (response) => seen.push(response.status),
    (error: Error) => seen.push(error.name),
  )
  return seen
}

/** A front's side of one socket, written down as it happens. */
async function dial() {
  const log: string[] = []
  const outcome = await faulty.upgrade({ url: new URL('wss://api.example/'), headers: new Headers(), protocols: [] })
  if (outcome instanceof Response) throw new Error(`refused: ${outcome.status}`)
  const line: { conversation?: Conversation } = {}
  const peer: HoldablePeer = {
    send: (data) => void log.push(String(data)),
    close(code = 1005, reason = '') {
      log.push(`close ${code} ${reason}`)
      line.conversation?.closed(code, reason)
    },
    terminate() {
      log.push('cut')
      line.conversation?.closed(1006, '')
    },
    hold: (on) => void (on && log.push('hold')),
  }
  const conversation = (line.conversation = outcome.open(peer))
  return { log, say: (data: string) => void conversation.message(data), leave: () => conversation.closed(1001, 'away') }
}

describe('silence', () => {
  test('a request is answered when it is over, and only then carried out', async () => {
    faulty.faults.silence(true)
    const seen = watch(faulty.fetch(request()))
    await world.pass(3_600_000)
    expect([seen, echo.served]).toEqual([[], []])
    faulty.faults.silence(false)
    await world.pass(0)
    expect([seen, echo.served]).toEqual([[201], ['/']])
  })

  test('an aborted request rejects at once and is never carried out', async () => {
    faulty.faults.silence(true)
    const leave = new AbortController()
    const answer = faulty.fetch(request('/', { signal: leave.signal }))
    leave.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    faulty.faults.heal()
    await world.pass(0)
    expect(echo.served).toEqual([])
  })

  test('of held answers the provider has acted', async () => {
    faulty.faults.silence(true, 'answers')
    const leave = new AbortController()
    const seen = watch(faulty.fetch(request('/mint', { signal: leave.signal })))
    await world.pass(0)
    expect([seen, echo.served]).toEqual([[], ['/mint']])
    leave.abort()
    await world.pass(0)
    expect(seen).toEqual(['AbortError'])
  })

  test('a handshake waits', async () => {
    faulty.faults.silence(true)
    const dialled = dial()
    await world.pass(1000)
    expect([faulty.faults.upgrades, faulty.faults.open]).toEqual([1, 0])
    faulty.faults.silence(false)
    expect((await dialled).log).toEqual(['open /'])
  })

  test('an open socket becomes half-open; what was held arrives late and in order', async () => {
    const { log, say } = await dial()
    faulty.faults.silence(true)
    say('a')
    say('b')
    echo.peers[0]?.send('tick')
    await world.pass(600_000)
    expect([log, echo.heard, faulty.faults.open]).toEqual([['open /', 'hold'], [], 1])
    faulty.faults.silence(false)
    expect(echo.heard).toEqual(['a', 'b'])
    expect(log).toEqual(['open /', 'hold', 'tick', 'a', 'b'])
  })

  test('the provider does not learn that the client of a half-open socket has gone', async () => {
    const { leave } = await dial()
    faulty.faults.silence(true)
    leave()
    expect([faulty.faults.open, echo.closed]).toEqual([0, []])
    faulty.faults.silence(false)
    expect(echo.closed).toEqual([{ code: 1001, reason: 'away' }])
  })
})

describe('refuse', () => {
  test('answers in the place of the provider, until null', async () => {
    faulty.faults.refuse(503, { headers: { 'retry-after': '7' } })
    const response = await faulty.fetch(request())
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([503, '7', { error: 'refused' }])
    expect(echo.served).toEqual([])
    faulty.faults.refuse(null)
    expect((await faulty.fetch(request())).status).toBe(201)
  })

  test('only what matches, only so often', async () => {
    faulty.faults.refuse(429, { match: ({ url }) => url.endsWith('/mint'), times: 1 })
    const statuses = []
    for (const path of ['/other', '/mint', '/mint']) statuses.push((await faulty.fetch(request(path))).status)
    expect(statuses).toEqual([201, 429, 201])
  })

  test('a 200 with HTML in it', async () => {
    faulty.faults.refuse(200, { body: '<html>', headers: { 'content-type': 'text/html' } })
    const response = await faulty.fetch(request())
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, 'text/html', '<html>'])
  })

  test('a 204 has no body', async () => {
    faulty.faults.refuse(204)
    expect(await (await faulty.fetch(request())).text()).toBe('')
  })
})

test('refuseUpgrades answers the next handshakes', async () => {
  faulty.faults.refuseUpgrades(429, 2)
  await expect(dial()).rejects.toThrow('refused: 429')
  await expect(dial()).rejects.toThrow('refused: 429')
  expect((await dial()).log).toEqual(['open /'])
  faulty.faults.refuseUpgrades(401)
  await expect(dial()).rejects.toThrow('refused: 401')
  faulty.faults.refuseUpgrades(null)
  await dial()
  expect([faulty.faults.upgrades, faulty.faults.open]).toEqual([5, 2])
})

test('hangUpgrades holds handshakes and nothing else', async () => {
  faulty.faults.hangUpgrades(true)
  const dialled = dial()
  expect((await faulty.fetch(request())).status).toBe(201)
  await world.pass(100_000)
  expect(echo.peers).toHaveLength(0)
  faulty.faults.hangUpgrades(false)
  expect((await dialled).log).toEqual(['open /'])
})

describe('drop', () => {
  test('closes with a code or cuts, and tells both sides', async () => {
    const [one, two] = [await dial(), await dial()]
    expect(faulty.faults.drop(1012, 'restart')).toBe(2)
    expect([one.log.at(-1), two.log.at(-1)]).toEqual(['close 1012 restart', 'close 1012 restart'])
    const three = await dial()
    expect(faulty.faults.drop()).toBe(1)
    expect(three.log.at(-1)).toBe('cut')
    expect(echo.closed.map(({ code }) => code)).toEqual([1012, 1012, 1006])
    expect([faulty.faults.open, faulty.faults.drop()]).toEqual([0, 0])
  })

  test('reaches a half-open socket; what was on its way is lost', async () => {
    const { log, say } = await dial()
    faulty.faults.silence(true)
    say('lost')
    faulty.faults.drop()
    expect([log.at(-1), echo.closed]).toEqual(['cut', [{ code: 1006, reason: '' }]])
    faulty.faults.heal()
    expect(echo.heard).toEqual([])
  })
})

describe('slow', () => {
  test('answers, handshakes and frames are late by that much, in order', async () => {
    const { log, say } = await dial()
    faulty.faults.slow(300)
    const seen = watch(faulty.fetch(request()))
    say('a')
    await world.pass(200)
    say('b')
    await world.pass(99)
    expect([seen, echo.heard]).toEqual([[], []])
    await world.pass(1)
    expect([seen, echo.heard]).toEqual([[201], ['a']])
    await world.pass(300)
    expect([log, echo.heard]).toEqual([
      ['open /', 'a'],
      ['a', 'b'],
    ])
  })

  test('0 lets go of what waits', async () => {
    faulty.faults.slow(60_000)
    const seen = watch(faulty.fetch(request()))
    faulty.faults.slow(0)
    await world.pass(0)
    expect(seen).toEqual([201])
  })

  test('a slow frame does not overtake a silence', async () => {
    const { say } = await dial()
    faulty.faults.slow(100)
    say('a')
    faulty.faults.silence(true)
    await world.pass(5000)
    expect(echo.heard).toEqual([])
    faulty.faults.heal()
    expect(echo.heard).toEqual(['a'])
  })
})

describe('down', () => {
  test('requests and handshakes throw, sockets are cut, and the provider keeps its state', async () => {
    const { log } = await dial()
    faulty.faults.down(true)
    expect(log.at(-1)).toBe('cut')
    await expect(faulty.fetch(request())).rejects.toBeInstanceOf(Unreachable)
    await expect(dial()).rejects.toBeInstanceOf(TypeError)
    faulty.faults.down(false)
    expect((await faulty.fetch(request())).status).toBe(201)
    expect(echo.served).toEqual(['/'])
  })

  test('takes those with it that wait', async () => {
    faulty.faults.silence(true)
    const seen = watch(faulty.fetch(request()))
    faulty.faults.down(true)
    await world.pass(0)
    expect(seen).toEqual(['Unreachable'])
  })
})

test('heal undoes everything and keeps the counters', async () => {
  const { faults } = faulty
  faults.silence(true)
  faults.refuse(500)
  faults.refuseUpgrades(500)
  faults.hangUpgrades(true)
  faults.slow(1000)
  faults.down(true)
  faults.heal()
  expect((await faulty.fetch(request())).status).toBe(201)
  expect((await dial()).log).toEqual(['open /'])
  expect([faults.requests, faults.upgrades, faults.open, world.timers]).toEqual([1, 1, 1, 0])
})
