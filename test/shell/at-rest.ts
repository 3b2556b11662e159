/** What must hold whenever a page has come to rest, after each thing that happened to it (docs/reliability.md, I4 to I17). */
import type { App } from './app.ts'
import type { Client } from './client.ts'
import type { SimSocket } from './host.ts'

/** Why a session may be paused, with the codes of each reason. */
const reasons: Readonly<Record<string, readonly string[]>> = {
  refused: ['login_required', 'key_refused', 'revoked', 'rejected', 'quota'],
  expired: ['network', 'timeout', 'unavailable', 'malformed'],
}

/** It runs after every event: it allocates nothing while all is well. */
export function checkAtRest(client: Client): void {
  const { account, device, apps } = client
  if (account.reports !== account.thrown) account.say('I17', `${account.thrown} exceptions of the application, ${account.reports} reports`)
  for (const name in {}) account.say('I16', `Object.prototype has got ${name}`)
  if (device.longestTimerMs >= 2 ** 31) account.say('I8', `a timer of ${device.longestTimerMs} ms`)
  let closing = 0
  let over = true
  for (const app of apps) {
    if (app.closing > 0) closing++
    if (!app.isOver) over = false
  }
  // The source's own: a farewell has one, and so has each call.
  const timers = device.timers.size - closing - account.callsOut
  if (timers > 1) account.say('I8', `${device.timers.size} timers`)
  const comes = timers > 0 || account.inFlight > 0
  if (over && closing === 0 && client.wishes === 0) checkNothingLeft(client, comes)
  for (const app of apps) checkApp(client, app, comes)
}

function checkNothingLeft({ account, device }: Client, comes: boolean): void {
  if (comes) account.say('I6', account.inFlight > 0 ? 'a token request is left after the end' : 'a timer is left after the end')
  for (const socket of device.sockets) if (socket.live) account.say('I6', 'a socket is left after the end')
  if (device.pages.size > 0) account.say('I7', 'the page is listened to after the end')
}

/** `comes`: the source has a timer, or a token request in the air. */
function checkApp(client: Client, app: App, comes: boolean): void {
  const { account, device, cast } = client
  const { status } = app.session
  if (app.last !== status && status.name !== 'idle') account.say('I9', `the status is ${status.name}, the last one told ${app.last.name}`)
  app.checkQueue()
  let live: SimSocket | undefined
  for (const socket of device.sockets) if (socket.session === app.part && socket.live) live = socket
  switch (status.name) {
    case 'connected':
      if (cast.link && !live?.ready) account.say('I9', 'connected without a ready socket')
      if (live) checkLiveness(client, live)
      return
    case 'paused':
      if (live && status.reason !== 'refused') account.say('I5', `a live socket while paused (${status.reason})`)
      if (!('code' in status)) {
        if (status.reason !== 'asked' && status.reason !== 'hidden') account.say('I4', `paused (${String(status.reason)})`)
        return
      }
      if (!reasons[status.reason]?.includes(status.code)) account.say('I4', `paused (${status.reason}, ${status.code})`)
      if (!live) checkRetry(client, app)
      break
    case 'connecting':
    case 'reconnecting':
      if (!live) checkRetry(client, app)
      break
    case 'idle':
    case 'closed':
    case 'failed':
      if (live) account.say('I6', `a live socket while ${status.name}`)
      return
    default:
      status satisfies never
  }
  if (!comes) account.say('I4', `${status.name}, and nobody's turn`)
}

/** Where nobody has been asked yet, it is told when somebody will be, and then somebody is. */
function checkRetry({ account, device, world }: Client, { retryAt, last }: App): void {
  if (account.inFlight > 0) return
  if (retryAt === undefined) return account.say('I4', `${last.name}, and no time of the next try`)
  let lateMs = device.monotonic() - retryAt
  for (const timer of device.timers) lateMs -= timer.lateMs
  if (lateMs > 100 && account.disturbedUntil < world.schedule.now - lateMs)
    account.say('I4', `nobody was asked for ${Math.round(lateMs)} ms`)
}

function checkLiveness({ account, device, cast, world }: Client, socket: SimSocket): void {
  const { liveness } = cast.link!
  if (!liveness) return
  const silentMs = device.monotonic() - socket.heardAt
  const mayMs = liveness.idleMs + liveness.answerMs
  if (silentMs <= mayMs + 1 || account.disturbedUntil > world.schedule.now - silentMs) return
  account.say('I12', `a link was silent for ${Math.round(silentMs)} ms`)
}
