import { describe, expect, it } from 'vitest'
import type { Host, SessionError, TokenCallback } from '../../src/index.ts'
import {
  acceptsEverybody,
  answersTokens,
  Backend,
  closesWith,
  hangsHandshake,
  isSilent,
  nobodyAnswersClose,
  nothing,
  refuses,
  story,
} from './backends.ts'

describe('connect', () => {
  it('asks for a token, opens the socket with it and is connected', async () => {
    const { session, path, provider, backend } = await story().connected()
    expect(session.status).toEqual({ name: 'connected', renewal: 'ok' })
    expect(provider.token).toBe(backend.tokens[0])
    expect(path).toEqual(['connecting', 'connected'])
  })

  it('touches nothing before it is called', async () => {
    const { world, session } = story()
    await world.advance(60_000)
    expect(world.census).toMatchObject({ ...nothing, fetches: 0, sockets: 0 })
    expect(session.status).toEqual({ name: 'idle' })
  })

  it('shares one promise, one mint and one socket among concurrent calls', async () => {
    const { session, world, backend } = story()
    const first = session.connect()
    expect(session.connect()).toBe(first)
    await world.settle()
    await first
    expect([backend.mints, world.census.sockets]).toEqual([1, 1])
  })

  it('is done at once while connected', async () => {
    const it = await story().connected()
    expect(await it.outcome(it.session.connect())).toBe('done')
    expect(it.backend.mints).toBe(1)
  })

  it('brings a failing renewal forward while connected', async () => {
    const it = await story().connected()
    it.backend.now(refuses('key_refused'))
    await it.advance(300_000)
    expect(it.now).toBe('connected(failing, key_refused)')
    it.backend.now(answersTokens())
    void it.session.connect()
    await it.advance(5000)
    expect(it.now).toBe('connected')
  })

  it('rejects quietly when they refuse, and goes on trying', async () => {
    const it = story({ tokens: refuses('key_refused') })
    void it.session.connect()
    expect(await it.outcome(it.session.connect())).toBe('key_refused')
    it.backend.now(answersTokens())
    await it.advance(30_000)
    expect(it.path).toEqual(['connecting', 'paused(refused, key_refused)', 'connected'])
  })

  it('asks at once when called while refused, and tells what came of that', async () => {
    const it = story({ tokens: refuses('login_required') })
    await it.outcome(it.session.connect())
    expect(await it.outcome(it.session.connect())).toBe('login_required')
    expect(it.backend.mints).toBe(2)
    it.backend.now(answersTokens())
    expect(await it.outcome(it.session.connect())).toBe('done')
  })

  it('waits through trouble that may pass', async () => {
    const it = story({ tokens: isSilent() })
    const connecting = it.session.connect()
    expect(await it.outcome(connecting, 30_000)).toBe('pending')
    it.backend.now(answersTokens())
    expect(await it.outcome(connecting, 30_000)).toBe('done')
  })

  it('rejects and stays failed when they say never, until it is called again', async () => {
    const it = story({ tokens: refuses('forbidden') })
    expect(await it.outcome(it.session.connect())).toBe('forbidden')
    it.session.resume()
    await it.advance(3_600_000)
    expect([it.now, it.backend.mints]).toEqual(['failed(forbidden)', 1])
    it.backend.now(answersTokens())
    expect(await it.outcome(it.session.connect())).toBe('done')
  })

  it('leaves failed after the provider closed for good', async () => {
    const it = story({ provider: closesWith(4403) })
    await it.outcome(it.session.connect())
    expect(it.now).toBe('failed(stopped)')
    it.provider.now(acceptsEverybody())
    expect(await it.outcome(it.session.connect())).toBe('done')
  })

  it('ends a pause', async () => {
    const it = await story().connected()
    it.session.pause()
    expect(await it.outcome(it.session.connect())).toBe('done')
    expect(it.path).toEqual(['connecting', 'connected', 'paused(asked)', 'reconnecting', 'connected'])
  })

  it('comes back after close()', async () => {
    const it = await story().connected()
    await it.leftovers()
    expect(await it.outcome(it.session.connect())).toBe('done')
    expect(it.path).toEqual(['connecting', 'connected', 'closed', 'connecting', 'connected'])
  })

  it('starts after the farewell when called while closing, once for all callers', async () => {
    const it = await story().connected()
    const closing = it.session.close()
    const again = it.session.connect()
    expect(it.session.connect()).toBe(again)
    expect(it.now).toBe('closed')
    expect(await it.outcome(Promise.all([closing, again]), 2000)).toBe('done')
    expect([it.now, it.world.census.openSockets, it.provider.most]).toEqual(['connected', 1, 1])
  })

  it('is taken back by a close() that comes while it waits for the farewell', async () => {
    const it = await story().connected()
    void it.session.close()
    const again = it.session.connect()
    void it.session.close()
    expect(await it.outcome(again, 5000)).toBe('closed')
    expect([it.now, it.world.census.sockets]).toEqual(['closed', 1])
  })

  it('is taken back by its signal while it waits for the farewell', async () => {
    const it = await story().connected()
    const stop = new AbortController()
    void it.session.close()
    const again = it.session.connect({ signal: stop.signal })
    stop.abort()
    expect(await it.outcome(again, 5000)).toBe('aborted')
    expect([it.now, it.world.census.sockets]).toEqual(['closed', 1])
  })
})

describe('an abort signal', () => {
  it('closes a session that connects', async () => {
    const it = story({ provider: hangsHandshake() })
    const stop = new AbortController()
    const connecting = it.session.connect({ signal: stop.signal })
    await it.world.settle()
    stop.abort()
    expect(await it.outcome(connecting)).toBe('aborted')
    expect([it.now, await it.leftovers()]).toEqual(['closed', nothing])
  })

  it('closes a connected session too', async () => {
    const it = story()
    const stop = new AbortController()
    await it.outcome(it.session.connect({ signal: stop.signal }))
    stop.abort()
    expect(it.now).toBe('closed')
  })

  it('that fired before keeps everything as it is', async () => {
    const it = story()
    expect(await it.outcome(it.session.connect({ signal: AbortSignal.abort() }))).toBe('aborted')
    expect([it.now, it.backend.mints]).toEqual(['idle', 0])
  })

  it('of an earlier life is forgotten', async () => {
    const it = story()
    const stop = new AbortController()
    await it.outcome(it.session.connect({ signal: stop.signal }))
    await it.leftovers()
    await it.connected()
    stop.abort()
    expect(it.now).toBe('connected')
  })

  it('is listened to once, however often it is given', async () => {
    const it = story()
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    signal.addEventListener = (...all: Parameters<typeof add>) => (listeners++, add(...all))
    for (let i = 0; i < 100; i++) void it.session.connect({ signal })
    await it.world.settle()
    expect(listeners).toBe(1)
  })
})

describe('pause and resume', () => {
  it('closes the socket, keeps the token and asks for nothing', async () => {
    const it = await story().connected()
    it.session.pause()
    await it.advance(3_600_000)
    expect([it.now, it.provider.closed, it.backend.mints, it.world.census.timers]).toEqual(['paused(asked)', [1000], 1, 0])
  })

  it('comes back with the token that it kept', async () => {
    const it = await story().connected()
    it.session.pause()
    it.session.resume()
    await it.world.settle()
    expect([it.now, it.backend.mints, it.provider.upgrades.length]).toEqual(['connected', 1, 2])
  })

  it('lets a late answer change nothing', async () => {
    const it = story({ tokens: isSilent() })
    const connecting = it.session.connect()
    await it.world.settle()
    it.session.pause()
    expect(await it.outcome(connecting, 60_000)).toBe('pending')
    expect([it.now, it.backend.asks[0]?.signal?.aborted, it.backend.mints]).toEqual(['paused(asked)', true, 1])
  })

  it('is nothing before connect() and after close()', async () => {
    const it = story()
    it.session.pause()
    it.session.resume()
    expect(it.now).toBe('idle')
    await it.session.close()
    it.session.pause()
    it.session.resume()
    expect([it.path, it.backend.mints]).toEqual([['closed'], 0])
  })
})

describe('close', () => {
  it('is closed at once and leaves nothing behind', async () => {
    const it = await story().connected()
    void it.session.close()
    expect(it.session.status).toEqual({ name: 'closed' })
    await it.world.settle()
    expect(it.world.census).toMatchObject(nothing)
  })

  it('settles within 2 s when the peer never answers', async () => {
    const it = await story({ host: nobodyAnswersClose }).connected()
    const closing = it.session.close()
    expect(await it.outcome(closing, 1999)).toBe('pending')
    expect(await it.outcome(closing, 1)).toBe('done')
    expect(it.world.census).toMatchObject({ timers: 0, pageListeners: 0 })
  })

  it('rejects a connect() that waits, and aborts its request', async () => {
    const it = story({ tokens: isSilent() })
    const connecting = it.session.connect()
    await it.world.settle()
    void it.session.close()
    expect(await it.outcome(connecting)).toBe('closed')
    expect(it.backend.asks[0]?.signal?.aborted).toBe(true)
  })

  it('may be called in every state and any number of times', async () => {
    const it = story()
    await it.session.close()
    await it.connected()
    void it.session.close()
    expect(await it.outcome(Promise.all([it.session.close(), it.session.close()]))).toBe('done')
    expect(it.path).toEqual(['closed', 'connecting', 'connected', 'closed'])
  })

  it('asks nobody when it comes in the same breath as connect()', async () => {
    const it = story({ asks: 'callback' })
    const connecting = it.session.connect()
    void it.session.close()
    expect(await it.outcome(connecting)).toBe('closed')
    expect(it.backend.mints).toBe(0)
  })

  it('works with await using', async () => {
    const it = await story().connected()
    await it.session[Symbol.asyncDispose]()
    expect(it.world.census).toMatchObject(nothing)
  })

  it('leaves nothing after 10,000 times', async () => {
    const left = { ...nothing, requests: 0, promises: 0 }
    const counted = <T>(what: keyof typeof left, promise: Promise<T>): Promise<T> => {
      left[what]++
      return promise.finally(() => left[what]--)
    }
    const backend = new Backend(answersTokens())
    const host = (real: Host): Host => ({ ...real, fetch: (url, init) => counted('requests', real.fetch(url, init)) })
    /** Stops when it is told to, as `fetch` does. */
    const tokenSource: TokenCallback = (request) => {
      const stopped = new Promise<never>((_, reject) => request.signal.addEventListener('abort', () => reject(new Error('stopped'))))
      return counted('requests', Promise.race([backend.callback(request), stopped]))
    }
    const outcomes = new Set<string>()
    for (const it of [story({ backend, host }), story({ backend }, { tokenSource })]) {
      for (let i = 0; i < 5_000; i++) {
        // The token of before is over each twentieth time, and the new request waits until it is closed.
        const waits = i % 20 === 19
        backend.now(waits ? isSilent() : answersTokens())
        if (waits) await it.advance(600_000)
        const connecting = counted('promises', it.session.connect()).then(
          () => 'connected',
          ({ code }: SessionError) => code,
        )
        await (waits ? it.world.settle() : connecting)
        const waiting = left.requests
        const closing = counted('promises', it.session.close())
        outcomes.add(`${await connecting}, ${waiting} waited`)
        await closing
      }
      for (const what of ['timers', 'pageListeners', 'openSockets'] as const) left[what] += it.world.census[what]
      expect([it.world.census.sockets, it.provider.peers.size]).toEqual([4_750, 0])
    }
    expect([...outcomes]).toEqual(['connected, 0 waited', 'closed, 1 waited'])
    console.log(
      `Left after 10,000 sessions: ${Object.entries(left)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}.`,
    )
    expect(left).toEqual({ ...nothing, requests: 0, promises: 0 })
  }, 120_000)
})
