import { describe, expect, it } from 'vitest'
import { definePreset } from '../../src/index.ts'
import { acceptsEverybody, answersTokens, nothing, refuses, Story, story, storyOf } from './backends.ts'

describe('a listener that throws', () => {
  it('is reported and disturbs nobody', async () => {
    const it = story()
    const broken = new Error('mine')
    for (const name of ['status', 'message', 'notice'] as const) {
      it.session.on(name, () => {
        throw broken
      })
    }
    const heard: string[] = []
    it.session.on('status', ({ name }) => heard.push(name))
    await it.connected()
    it.provider.say({ type: 'hello' })
    it.provider.say('no JSON')
    await it.world.settle()
    expect([heard, it.messages, it.notices.length]).toEqual([['connecting', 'connected'], [{ type: 'hello' }], 1])
    expect(it.world.census.reported).toEqual([broken, broken, broken, broken])
  })

  it('may be onReady', async () => {
    const broken = new Error('mine')
    const it = story(
      {},
      {
        onReady: () => {
          throw broken
        },
      },
    )
    await it.connected()
    expect(it.world.census.reported).toEqual([broken])
  })

  it('may be a function of the preset: probe, show, control, envelope, first frame', async () => {
    const preset = definePreset<{ type?: string }, unknown>({
      name: 'broken',
      docs: '',
      url: () => 'wss://provider.test/live',
      token: { kind: 'lease' },
      heartbeat: {
        intervalMs: 10_000,
        show: (token) => {
          throw new Error(`show ${token}`)
        },
      },
      liveness: {
        idleMs: 5000,
        probe: () => {
          throw new Error('probe')
        },
      },
      control: (message) => {
        if (message.type === 'bad') throw new Error('control')
        return undefined
      },
      messages: {
        envelope: (message) => {
          if ((message as { type: string }).type === 'odd') throw new Error('envelope')
          return true
        },
      },
    })
    const it = await storyOf(preset).connected()
    for (const type of ['bad', 'odd', 'good']) it.provider.say({ type })
    await it.advance(60_000)
    expect(it.messages.map(({ type }) => type)).toEqual(['bad', 'good'])
    expect(it.notices.filter(({ name }) => name === 'bad-frame')).toHaveLength(1)
    expect(it.world.census.reported.length).toBeGreaterThan(2)
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('may be the function that makes the first frame: the session fails, and its token is nowhere', async () => {
    const frame = (token: string): never => {
      throw new Error(`first frame with ${token}`)
    }
    const it = story({}, { placement: { in: 'first-frame', frame } })
    expect(await it.outcome(it.session.connect())).toBe('bad_configuration')
    expect(it.world.census.openSockets).toBe(0)
  })
})

describe('inside a listener', () => {
  it('hears every status once, in order, whatever it calls', async () => {
    const it = story()
    let left = 5
    it.session.on('status', ({ name }) => {
      if (name === 'connecting') it.session.pause()
      if (name === 'paused' && left-- > 0) it.session.resume()
    })
    void it.session.connect()
    await it.world.settle()
    expect(it.path).toEqual(Array.from({ length: 12 }, (_, i) => (i % 2 ? 'paused(asked)' : 'connecting')))
  })

  it('of status, close() ends the session and is told to everybody', async () => {
    const it = story()
    it.session.on('status', ({ name }) => {
      if (name === 'connected') void it.session.close()
    })
    const later: string[] = []
    it.session.on('status', ({ name }) => later.push(name))
    const connecting = it.session.connect()
    expect(await it.outcome(connecting)).toBe('done')
    expect([it.path, later, it.now]).toEqual([['connecting', 'connected', 'closed'], ['connecting', 'connected', 'closed'], 'closed'])
    expect(it.world.census).toMatchObject(nothing)
  })

  it('of status, close() before it connected rejects connect()', async () => {
    const it = story()
    it.session.on('status', ({ name }) => {
      if (name === 'connecting') void it.session.close()
    })
    expect(await it.outcome(it.session.connect())).toBe('closed')
    expect([it.path, it.backend.mints]).toEqual([['connecting', 'closed'], 0])
  })

  it('of status, pause() and then connect() goes by what was asked last', async () => {
    const it = story()
    let once = true
    it.session.on('status', ({ name }) => {
      if (name !== 'connected' || !once) return
      once = false
      it.session.pause()
      void it.session.connect()
    })
    await it.outcome(it.session.connect())
    expect(it.path).toEqual(['connecting', 'connected', 'paused(asked)', 'reconnecting', 'connected'])
  })

  it('of status closed, connect() starts anew after the farewell', async () => {
    const it = await story().connected()
    let once = true
    it.session.on('status', ({ name }) => {
      if (name === 'closed' && once) {
        once = false
        void it.session.connect()
      }
    })
    await it.outcome(it.session.close(), 2000)
    await it.world.settle()
    expect([it.now, it.provider.most]).toEqual(['connected', 1])
  })

  it('of status failed, connect() tries again', async () => {
    const it = story({ tokens: refuses('forbidden') })
    it.session.on('status', ({ name }) => {
      if (name !== 'failed') return
      it.backend.now(answersTokens())
      void it.session.connect()
    })
    void it.session.connect()
    await it.world.settle()
    expect(it.path).toEqual(['connecting', 'failed(forbidden)', 'connecting', 'connected'])
  })

  it('of status, send() to a session that is just connected goes straight out', async () => {
    const it = story()
    const sent: string[] = []
    it.session.on('status', ({ name }) => sent.push(it.session.send({ in: name })))
    await it.connected()
    expect([sent, it.provider.heard]).toEqual([
      ['queued', 'sent'],
      [{ in: 'connecting' }, { in: 'connected' }],
    ])
  })

  it('of message, close() is heard after it, and no message follows', async () => {
    const it = await story().connected()
    it.session.on('message', () => void it.session.close())
    it.provider.say({ n: 1 })
    it.provider.say({ n: 2 })
    await it.world.settle()
    expect([it.messages, it.now]).toEqual([[{ n: 1 }], 'closed'])
  })

  it('of notice, anything goes', async () => {
    const it = story()
    const said: string[] = []
    it.session.on('notice', () => {
      said.push(it.session.send({ after: 'a bad frame' }))
      void it.session.close()
    })
    await it.connected()
    it.provider.say('no JSON')
    await it.world.settle()
    expect([said, it.now]).toEqual([['sent'], 'closed'])
  })

  it('of onReady, close() and pause() leave no socket', async () => {
    for (const verb of ['close', 'pause'] as const) {
      const it: Story = story({}, { onReady: () => void it.session[verb]() })
      await it.outcome(it.session.connect())
      expect(it.world.census.openSockets).toBe(0)
      expect(it.session.send({ late: true })).toBe(verb === 'close' ? 'dropped' : 'queued')
    }
  })

  it('a remover works while the event is being told', async () => {
    const it = story()
    const heard: string[] = []
    const remove = it.session.on('status', ({ name }) => {
      heard.push(name)
      remove()
    })
    await it.connected()
    expect(heard).toEqual(['connecting'])
  })
})

describe('inside a function of the application', () => {
  it('the token callback may close the session', async () => {
    const it: Story = new Story({}, ({ host }) => ({
      url: 'wss://provider.test/live',
      host,
      tokenSource: () => {
        void it.session.close()
        return { access_token: 'unused-0001' }
      },
    }))
    expect(await it.outcome(it.session.connect())).toBe('closed')
    expect(it.world.census).toMatchObject({ ...nothing, sockets: 0 })
  })

  it('the token callback may connect, pause and resume', async () => {
    const it: Story = new Story({}, ({ host }) => ({
      url: 'wss://provider.test/live',
      host,
      tokenSource: (request) => {
        if (request.attempt === 0 && it.path.length === 1) {
          it.session.pause()
          void it.session.connect()
        }
        return answersTokens()(request as never, it.backend)!.body as { access_token: string }
      },
    }))
    await it.outcome(it.session.connect(), 5000)
    expect(it.now).toBe('connected')
  })

  it('the url function may close or pause the session: no socket is opened', async () => {
    for (const verb of ['close', 'pause'] as const) {
      const it: Story = story(
        {},
        {
          url: () => {
            void it.session[verb]()
            return 'wss://provider.test/live'
          },
        },
      )
      void it.session.connect()
      await it.world.settle()
      expect([it.session.status.name, it.world.census.openSockets]).toEqual([verb === 'close' ? 'closed' : 'paused', 0])
      expect(it.world.census.sockets).toBe(0)
    }
  })

  it('the url function may throw, or name a place that would show the token', async () => {
    const places = [
      () => {
        throw new Error('mine')
      },
      () => 'no address',
      () => 'ws://example.com/live',
      () => 'wss://example.com/live?api_key=x',
      () => 'https://example.com',
    ]
    for (const url of places) {
      const it = story({}, { url })
      expect(await it.outcome(it.session.connect())).toBe('bad_configuration')
      expect(it.world.census.sockets).toBe(0)
      const own = storyOf(definePreset({ name: 'own', docs: '', url, token: { kind: 'ticket' } }))
      expect(await own.outcome(own.session.connect())).toBe('bad_configuration')
      expect(own.world.census.sockets).toBe(0)
    }
  })
})

describe('onReady', () => {
  it('runs after the ready frame and before the queue; then the session is connected', async () => {
    const order: string[] = []
    const it = story<{ type: string }>(
      { provider: acceptsEverybody({ type: 'early' }, { type: 'ready' }, { type: 'late' }) },
      {
        ready: ({ type }) => type === 'ready',
        onReady: ({ send }) => {
          order.push('onReady')
          send({ first: true })
        },
      },
    )
    it.session.on('message', ({ type }) => order.push(type))
    it.session.on('status', ({ name }) => order.push(name))
    it.session.send({ queued: true })
    await it.connected()
    expect(order).toEqual(['connecting', 'early', 'ready', 'onReady', 'connected', 'late'])
    expect(it.provider.heard).toEqual([{ first: true }, { queued: true }])
  })

  it('is told the attempt, and whether the conversation goes on', async () => {
    const told: object[] = []
    const it = story({}, { onReady: ({ resumed, attempt }) => told.push({ resumed, attempt }) })
    await it.connected()
    it.provider.drop()
    await it.advance(5000)
    expect(told).toEqual([
      { resumed: false, attempt: 0 },
      { resumed: false, attempt: 1 },
    ])
  })
})
