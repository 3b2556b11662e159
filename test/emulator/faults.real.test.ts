import { afterEach, beforeEach, expect, test } from 'vitest'
import { withFaults, type Faulty } from '../../src/emulator/faults.ts'
import { realWorld, serve, type Served } from '../../src/emulator/node.ts'
import { connect, eventually } from './client.ts'
import { createEcho, type Echo } from './echo.ts'

let echo: Echo
let faulty: Faulty
let served: Served

beforeEach(async () => {
  echo = createEcho()
  faulty = withFaults(echo, realWorld())
  served = await serve(faulty)
})
afterEach(() => served.close())

test('silence: a request gets no answer until its client gives up', async () => {
  faulty.faults.silence(true)
  const leave = new AbortController()
  const answer = fetch(served.url, { signal: leave.signal })
  await eventually(() => faulty.faults.requests).toBe(1)
  leave.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  faulty.faults.silence(false)
  expect((await fetch(served.url)).status).toBe(201)
})

test('silence: a request that waits is answered late', async () => {
  faulty.faults.silence(true)
  const answer = fetch(served.url)
  await eventually(() => faulty.faults.requests).toBe(1)
  faulty.faults.silence(false)
  expect((await answer).status).toBe(201)
})

test('a half-open socket answers no frame, no ping and no close; healed, all of it comes', async () => {
  const client = connect(served.wsUrl)
  await client.got(1)
  faulty.faults.silence(true)
  let pongs = 0
  client.socket.on('pong', () => pongs++)
  client.socket.send('hello?')
  client.socket.ping()
  echo.peers[0]?.send('unheard')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect([client.frames, echo.heard, pongs, client.socket.readyState, faulty.faults.open]).toEqual([
    ['open /'],
    [],
    0,
    client.socket.OPEN,
    1,
  ])
  client.socket.close(1000, 'enough')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(client.socket.readyState).toBe(client.socket.CLOSING)
  faulty.faults.heal()
  expect((await client.closed).code).toBe(1000)
  await eventually(() => [echo.heard, echo.closed]).toEqual([['hello?'], [{ code: 1000, reason: 'enough' }]])
  expect([pongs, client.frames[1]]).toEqual([1, 'unheard'])
})

test.each([
  [4001, 'go', { code: 4001, reason: 'go' }],
  [undefined, undefined, { code: 1006, reason: '' }],
])('drop(%s) ends every socket', async (code, reason, seen) => {
  const clients = [connect(served.wsUrl), connect(served.wsUrl)]
  await Promise.all(clients.map(({ opened }) => opened))
  expect(faulty.faults.drop(code, reason)).toBe(2)
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([seen, seen])
})

test('drop ends a half-open socket', async () => {
  const client = connect(served.wsUrl)
  await client.opened
  faulty.faults.silence(true)
  faulty.faults.drop(1011)
  expect((await client.closed).code).toBe(1011)
})

test('a refused handshake shows its status, and only that often', async () => {
  faulty.faults.refuseUpgrades(503, 1)
  expect(await connect(served.wsUrl).refused).toBe(503)
  expect(await connect(served.wsUrl).got(1)).toEqual(['open /'])
})

test('a handshake that hangs opens when it is let go', async () => {
  faulty.faults.hangUpgrades(true)
  const [patient, gone] = [connect(served.wsUrl), connect(served.wsUrl)]
  await eventually(() => faulty.faults.upgrades).toBe(2)
  gone.socket.terminate()
  expect((await gone.closed).code).toBe(1006)
  faulty.faults.hangUpgrades(false)
  expect(await patient.got(1)).toEqual(['open /'])
  await eventually(() => faulty.faults.open).toBe(1)
})

test('down: nothing connects, and the port comes back to life', async () => {
  const client = connect(served.wsUrl)
  await client.opened
  faulty.faults.down(true)
  expect((await client.closed).code).toBe(1006)
  await expect(fetch(served.url)).rejects.toBeInstanceOf(TypeError)
  expect((await connect(served.wsUrl).closed).code).toBe(1006)
  faulty.faults.heal()
  expect((await fetch(served.url)).status).toBe(201)
})

test('close() is quick under silence', async () => {
  const client = connect(served.wsUrl)
  await client.opened
  faulty.faults.silence(true)
  const answer = fetch(served.url).catch(() => 'cut')
  await eventually(() => faulty.faults.requests).toBe(1)
  const since = performance.now()
  await served.close()
  expect(performance.now() - since).toBeLessThan(1000)
  expect([(await client.closed).code, await answer]).toEqual([1006, 'cut'])
})
