/** What a fault of the plan does to its client. Those that wait for an occasion count as hits when it comes. */
import type { Verb } from './app.ts'
import type { Client, Where } from './client.ts'
import type { Fault } from './faults.ts'
import type { SimSocket } from './host.ts'

/** How long a fault waits for its occasion: two beats. */
const waitMs = 120_000
const minute = 60_000

const later = (client: Client, afterMs: number, run: () => void): void => void client.device.task(client.world.schedule.now + afterMs, run)

/** Some live socket; one that is ready, if there is one. */
function aSocket({ device }: Client): SimSocket | undefined {
  const live = [...device.sockets].filter((socket) => socket.live && !socket.silent)
  return live.find((socket) => socket.ready) ?? live[0]
}

export function strike(client: Client, fault: Fault): void {
  if (client.healed) return
  switch (fault.kind[0]) {
    case 'T':
      return transport(client, fault)
    case 'E':
      client.endpoint.faults.push({
        ...fault,
        how: lifeOf(client, fault.how),
        left: fault.times,
        until: client.world.schedule.now + waitMs,
      })
      // A ticket of a month would not be renewed in any hour of ours.
      if (fault.how === '30 d' && client.cast.kind === 'ticket') later(client, 90_000, () => gone(client, true))
      return
    case 'K':
      return key(client, fault)
    case 'P':
      return page(client, fault)
    case 'C':
      return clock(client, fault)
    default:
      return application(client, fault)
  }
}

/**
 * Where a refused handshake is all that a provider ever says, nobody learns that a grant with a long life is worth nothing:
 * after the one fresh grant of a streak, it is dialled until its renewal is due.
 */
function lifeOf({ cast }: Client, how: string): string {
  const untold = cast.link?.bad === 'handshake' && cast.verify === null
  return untold && (how === '30 d' || how === 'none') ? 'text' : how
}

function transport(client: Client, { kind, how, ms, times }: Fault): void {
  const { provider, device } = client
  const { now } = client.world.schedule
  const onDials = (how: string): void => void provider.faults.push({ kind, how, left: times, until: now + waitMs })
  const drop = (): void => {
    for (const socket of [...device.sockets]) if (socket.live) provider.ends(socket, 1006)
  }
  switch (kind) {
    case 'T1':
    case 'T2':
    case 'T3':
    case 'T4':
      onDials(how)
      return drop()
    case 'T5':
      // What opens is seldom there when it is wanted: the next that does, and there is one at once.
      if (how !== 'while opening') break
      onDials(how)
      return drop()
    case 'T10':
      if (how === 'address' && client.cast.traps.includes('url')) {
        client.trapAt = 'url'
        client.hit(kind, how)
      } else onDials('constructor')
      return drop()
    default:
  }
  const socket = aSocket(client)
  if (!socket) return
  const hit = (as = how): void => client.hit(kind, as, Math.max(0, Math.min(ms, 300_000)))
  switch (kind) {
    case 'T5':
      hit()
      return provider.ends(socket, 1006)
    case 'T6':
      hit()
      socket.silent = true
      // In the end some router says so.
      return later(client, ms, () => {
        socket.silent = false
        provider.ends(socket, 1006)
      })
    case 'T7':
      hit()
      socket.swallowMs = ms < 0 ? Infinity : ms
      return client.device.enter(() => client.apps[socket.session - 1]!.press(how as Verb))
    case 'T8':
      hit()
      return provider.says(socket, client.cast.link!.denies!, 'message')
    case 'T9': {
      // Only the gateway says so before.
      const saysSo = how === 'goaway' && client.cast.link!.continuity === 'cursor'
      hit(saysSo ? 'goaway' : '1012')
      if (saysSo) provider.says(socket, { type: 'goaway', spread_ms: ms }, 'nothing')
      return provider.ends(socket, 1012, 400)
    }
    case 'T11':
      return pipe(client, socket, how, hit)
    case 'T12':
      hit()
      return later(client, 1, () => provider.tells(socket, badFrame(how), badIs(client, how)))
    case 'T13':
      hit()
      socket.stalled = true
      // The application goes on talking.
      for (const after of [0, 21_000, 24_000]) later(client, after, () => client.apps[socket.session - 1]!.send())
      return
    default:
  }
}

/** T11: what the way from the provider to the page does to frames. */
function pipe(client: Client, socket: SimSocket, how: string, hit: () => void): void {
  const { provider, account, random } = client
  const link = client.cast.link!
  const app = client.apps[socket.session - 1]!
  const [first, second] = [link.says(1_000_001), link.says(1_000_002)]
  switch (how) {
    case 'late close':
    case 'wrong socket':
      // The other end's answer to our close takes its time, and has a code of its own: there may be another socket by then.
      if (how === 'late close') socket.swallowMs = Infinity
      // The page drops it now; what was on its way comes all the same.
      client.device.enter(() => app.press('pause'))
      later(client, 3_000, () => app.press('resume'))
      if (how === 'wrong socket') {
        hit()
        return later(client, random.spread(1, 2_000), () => account.frame(socket, JSON.stringify(first), 'nothing', true))
      }
      return later(client, random.spread(1, 8_000), () => {
        if (socket.readyState === 3) return
        hit()
        socket.ends(provider.codeOf('reauthorise'))
      })
    case 'late':
      return later(client, random.spread(100, 20_000), () => {
        if (socket.readyState !== 1 || socket.silent) return
        hit()
        provider.tells(socket, JSON.stringify(first), 'message')
      })
    default:
  }
  const doubled = how === 'doubled'
  if (link.continuity === 'cursor') {
    if (!provider.numbers(socket, doubled)) return
  } else {
    // What has no number is told as it comes.
    provider.says(socket, doubled ? first : second, 'message')
    provider.says(socket, first, 'message')
  }
  hit()
}

const deep = `${'['.repeat(3_000)}${']'.repeat(3_000)}`
/** Longer than the library parses, and made once. */
const huge = `"${'x'.repeat(8 * 1024 * 1024)}"`

function badFrame(how: string): string | ArrayBuffer {
  switch (how) {
    case 'no JSON':
      return '{"type":"hi", Zq-not-to-be-shown'
    case 'long':
      return huge
    case 'wrong shape':
      return '{"type":7,"Zq":"not to be shown"}'
    case 'binary':
      return new Uint8Array([1, 2, 3]).buffer
    case 'deep':
      return deep
    case '__proto__':
      return '{"type":"hi","m":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    case 'a list':
      return '[1,2,3]'
    default:
      return 'null'
  }
}

/** What must become of it: a preset without a check of the form gives everything that is JSON to the application. */
function badIs(client: Client, how: string): 'bad' | 'any' {
  return how === 'no JSON' || how === 'long' || (how !== 'binary' && how !== '__proto__' && client.cast.name.startsWith('gateway'))
    ? 'bad'
    : 'any'
}

/** All that was given out is worth nothing; `cut`: and the provider says so on its sockets. */
function gone({ endpoint, device, provider, cast }: Client, cut: boolean): void {
  for (const minted of endpoint.minted) minted.over = true
  if (!cut || !cast.link) return
  for (const socket of [...device.sockets]) if (socket.live) provider.ends(socket, provider.codeOf('reauthorise'))
}

function key(client: Client, { kind, how, ms }: Fault): void {
  const { endpoint, world } = client
  client.hit(kind, how, ms)
  if (kind === 'K3') return gone(client, how === 'cut')
  if (kind === 'K1') {
    endpoint.key++
    endpoint.keyBackAt = world.schedule.now + ms
  } else endpoint.rightBackAt = world.schedule.now + ms
  gone(client, how === 'cut')
}

function page(client: Client, { kind, how, ms, times }: Fault): void {
  const { device, account, world, random } = client
  const { now } = world.schedule
  if (kind === 'P3') {
    client.hit(kind, how)
    for (let index = 0; index < times; index++) {
      const fact = how === 'flapping' ? (index % 2 === 0 ? 'offline' : 'online') : (how as 'online')
      later(client, index * 700, () => device.page(fact))
    }
    return
  }
  if (device.frozenUntil > now) return
  if (kind === 'P1') {
    if (how === 'frozen' || random.chance(0.5)) return away(client, how, ms)
    // Firefox closes the sockets of a page that is about to leave, and the page hears of it: it may dial once more.
    for (const socket of [...device.sockets])
      device.enter(() => account.ends(socket, socket.readyState === 0 ? 1006 : 1001, client.cast.link!.reauthorise))
    return later(client, random.spread(1, 50), () => client.healed || away(client, how, ms))
  }
  client.hit(kind, how, ms)
  device.page('hidden')
  if (how === 'throttled') {
    device.throttled = true
    account.disturb(ms + minute)
  }
  later(client, ms, () => {
    device.throttled = false
    device.page('visible')
    device.moveTimers(0)
  })
}

/** Whatever comes while the page is away waits for its return: the farewells of its sockets, too, unless it is in the cache. */
function away(client: Client, how: string, ms: number): void {
  const { device, account, world } = client
  client.hit('P1', how, ms)
  device.page('away')
  if (how === 'cached') {
    // No page in there has a connection. One that the page did not give up stands, and is found.
    for (const socket of [...device.sockets]) if (!socket.live) device.enter(() => socket.ends(1006))
  }
  device.frozenUntil = world.schedule.now + ms
  account.disturb(ms + 100)
  // Before everything that waited.
  later(client, ms, () => {
    if (device.pages.size > 0) account.doubt()
    device.page('back')
  })
}

function clock(client: Client, { kind, how, ms }: Fault): void {
  const { device, account, provider, world } = client
  const { now } = world.schedule
  client.hit(kind, how)
  switch (kind) {
    case 'C1': {
      const goesOn = how === 'clock goes on'
      if (goesOn) {
        device.aheadMs += ms
        device.moveTimers(-ms)
        account.disturb(1_000)
      } else {
        device.sleptMs += ms
        device.unseenMs += ms
      }
      for (const socket of device.sockets) {
        if (how === 'dead' || goesOn) provider.ends(socket, 1006, 200)
        if (how === 'silent' && ms > 30_000) {
          socket.silent = true
          later(client, 60_000, () => {
            socket.silent = false
            provider.ends(socket, 1006)
          })
        }
      }
      return
    }
    case 'C2':
      device.skewMs += ms
      device.unseenMs += ms
      return
    default:
      account.disturb(ms + 1_000)
      if (how === 'timer') device.moveTimers(ms)
      else device.frozenUntil = Math.max(device.frozenUntil, now + ms)
  }
}

function application(client: Client, fault: Fault): void {
  const { kind, how, ms } = fault
  const { device, random, provider, world } = client
  const app = random.one(client.apps)
  const press = (verb: Verb): void => device.enter(() => app.press(verb))
  switch (kind) {
    case 'A1': {
      const at = how.lastIndexOf(' ')
      const [verb, where] = [how.slice(0, at) as Verb, how.slice(at + 1)]
      if (where === 'now') {
        client.hit(kind, how, ms)
        press(verb)
      } else client.button = { where: where as Where, verb }
      if (verb === 'pause') later(client, ms, () => app.press('resume'))
      if (verb === 'close') later(client, ms, () => app.press('connect'))
      return
    }
    case 'A2':
      client.trapAt = how === 'own' ? (random.one(client.cast.traps) ?? 'onReady') : how
      return
    case 'A3':
      client.hit(kind, how, how === 'old' ? ms : 5_000)
      // Nobody is there to take them.
      provider.faults.push({ kind: 'T2', how: 'hangs', left: how === 'old' ? 4 : 1, until: world.schedule.now + 20_000 })
      for (const socket of [...device.sockets]) if (socket.live) provider.ends(socket, 1006)
      for (let index = 0; index < (how === 'many' ? 70 : how === 'large' ? 5 : 2); index++)
        later(client, 500 + index, () => app.send(how === 'large' ? 15_000 : 0))
      return
    case 'A4':
      client.hit(kind, how)
      return device.enter(() => client.reset())
    default:
      client.hit(kind, how)
      later(client, 0, () => client.healed || app.press('abort'))
      // A page that was frozen meanwhile may come to it when all is over.
      later(client, how === 'live' ? ms + 1_000 : 50, () => client.healed || app.abort())
      return later(client, ms + 3_000, () => client.healed || app.press('connect'))
  }
}
