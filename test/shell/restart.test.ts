/** Ten thousand real sessions at one provider that restarts: how many come back in any one second, and when all are back. */
import { describe, expect, test } from 'vitest'
import { createSession } from '../../src/index.ts'
import { Random } from '../simulation/random.ts'
import { Device, type Outside, type SimSocket } from './host.ts'
import { drained, Schedule } from './schedule.ts'

const clients = 10_000
/** Every link is stable by then. */
const restartAt = 80_000

interface Restarted {
  /** When each dial after the restart began, in ms after it. */
  readonly dials: readonly number[]
  /** When the last was connected again. */
  readonly allBackMs: number
}

/** `spreadMs`: what the provider says in its goaway; 0: it says nothing. */
async function restart(spreadMs: number): Promise<Restarted> {
  const schedule = new Schedule()
  const random = new Random(7)
  const sockets: SimSocket[] = []
  const dials: number[] = []
  let back = 0
  let allBackMs = Infinity
  const later = (socket: SimSocket, afterMs: number, run: () => void): void => void socket.device.task(schedule.now + afterMs, run)
  const outside: Outside = {
    fetch: () => Promise.reject(new TypeError('nobody fetches here')),
    dialled(socket) {
      if (schedule.now >= restartAt) dials.push(schedule.now - restartAt)
      sockets.push(socket)
      later(socket, random.between(20, 200), () => socket.opens(schedule.now))
    },
    sent() {},
    closing: (socket) => later(socket, 50, () => socket.ends(1000)),
    reported(error) {
      throw error
    },
    entering() {},
    sawSleep() {},
    escaped(error) {
      throw error
    },
  }
  for (let index = 0; index < clients; index++) {
    const device = new Device(schedule, new Random(index), outside)
    const session = createSession({
      url: 'wss://plain.test/live',
      control: (frame) => ((frame as { bye?: true }).bye ? { is: 'goaway', spreadMs } : undefined),
      tokenSource: () => ({ access_token: `t${index}`, expires_in: 1800 }),
      host: device.host,
    })
    session.on('status', ({ name }) => {
      if (name === 'connected' && schedule.now >= restartAt && ++back === clients) allBackMs = schedule.now - restartAt
    })
    device.task(random.between(0, 10_000), () => void session.connect())
  }
  while (schedule.next(restartAt)) await drained()
  const before = [...sockets]
  expect(before).toHaveLength(clients)
  for (const socket of before) {
    if (spreadMs > 0) later(socket, 0, () => socket.hears('{"bye":true}'))
    later(socket, 1, () => socket.ends(1012))
  }
  while (schedule.next(restartAt + 60_000)) await drained()
  return { dials: dials.sort((a, b) => a - b), allBackMs }
}

function mostInASecond(dials: readonly number[]): number {
  let most = 0
  let from = 0
  for (let to = 0; to < dials.length; to++) {
    while (dials[to]! - dials[from]! >= 1_000) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}

describe('a provider of ten thousand sessions restarts', () => {
  test.each([
    ['and says: in 20 s', 20_000, 20_000],
    // The first window after 1012 is 5 s.
    ['and says nothing', 0, 5_000],
  ])('%s', { timeout: 300_000 }, async (_what, spreadMs, windowMs) => {
    const { dials, allBackMs } = await restart(spreadMs)
    const most = mostInASecond(dials)
    console.log(
      `A restart of ${clients} sessions, window ${windowMs} ms: at most ${most} dials in a second, all back after ${Math.round(allBackMs)} ms.`,
    )
    expect(dials).toHaveLength(clients)
    expect(most).toBeLessThanOrEqual((2 * clients) / (windowMs / 1000))
    expect(allBackMs).toBeLessThanOrEqual(45_000)
  })
})
