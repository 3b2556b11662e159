import { describe, expect, test } from 'vitest'
import { eventTypes } from '../../src/emulator/huechat/records.ts'
import { hello, isSigned, jane, kit, type Kit } from './huechat-kit.ts'

describe('registration', () => {
  test('the guide: create; the signing secret is shown once', async () => {
    const { ask } = kit()
    const about = { url: 'https://your-server.com/webhooks/huechat', events: ['message.received', 'conversation.created'] }
    const { status, body } = await ask('POST', '/v2/webhooks', { ...about, active: true })
    const shown = {
      id: expect.stringMatching(/^wh_/) as string,
      ...about,
      active: true,
      retry_policy: 'exponential',
      created_at: '2026-11-22T12:00:00Z',
      updated_at: '2026-11-22T12:00:00Z',
    }
    expect([status, body]).toEqual([201, { ...shown, signing_secret: expect.stringMatching(/^whsec_/) as string }])
    expect((await ask('GET', '/v2/webhooks')).body['data']).toEqual([shown])
    expect((await ask('GET', `/v2/webhook/${String(body['id'])}`)).body).toEqual(shown)
  })

  test('update and delete', async () => {
    const { ask, make } = kit()
    const id = await make('/v2/webhooks', { url: 'http://127.0.0.1:1/hook', events: ['message.sent'] })
    expect((await ask('PUT', `/v2/webhook/${id}`, { active: false, retry_policy: 'linear' })).body).toMatchObject({
      events: ['message.sent'],
      active: false,
      retry_policy: 'linear',
    })
    expect((await ask('PUT', `/v2/webhook/${id}`, { events: [] })).status).toBe(400)
    expect([(await ask('DELETE', `/v2/webhooks/${id}`)).status, (await ask('DELETE', `/v2/webhook/${id}`)).status]).toEqual([204, 404])
    expect((await ask('PUT', `/v2/webhook/${id}`, {})).status).toBe(404)
  })

  test.each([
    [{ url: 'ftp://receiver.example' }, 'url'],
    [{ url: 'here' }, 'url'],
    [{ events: [] }, 'events'],
    [{ events: 'message.sent' }, 'events'],
    [{ events: ['message.eaten'] }, 'events'],
    [{ active: 'yes' }, 'active'],
    [{ retry_policy: 'never' }, 'retry_policy'],
  ])('%j → 400', async (wrong, field) => {
    const { ask } = kit()
    const about = { url: 'https://receiver.example', events: ['message.sent'], ...wrong }
    expect(await ask('POST', '/v2/webhooks', about)).toMatchObject({ status: 400, body: { details: { field } } })
  })
})

/** Everything that a contact and a conversation can go through. */
async function live({ ask, make, huechat, later }: Kit): Promise<void> {
  const contact = await make('/v2/contact', jane)
  await later(0)
  const user = await make('/v2/admin/users', { email: 'sarah@example.com' })
  const { conversation_id: conversation } = huechat.incoming(contact, 'Hi')
  await later(0)
  const message = await make(`/v2/contact/${contact}/message`, hello)
  await later(1000)
  huechat.read(message)
  await ask('PUT', `/v2/conversation/${conversation}`, { labels: ['vip'] })
  await ask('POST', `/v2/conversation/${conversation}/assign`, { assigned_to: user })
  await ask('POST', `/v2/conversation/${conversation}/resolve`)
  await ask('POST', `/v2/conversation/${conversation}/resolve`)
  await later(0)
  await ask('PUT', `/v2/contact/${contact}`, { last_name: 'Doe' })
  await later(0)
  await ask('DELETE', `/v2/contact/${contact}`)
  await later(0)
}

describe('events', () => {
  test('every documented type, each caused by what it says, once', async () => {
    const all = kit()
    await all.listen(eventTypes)
    await live(all)
    expect(all.arrivals.map(({ type }) => type)).toEqual([
      'contact.created',
      'conversation.created',
      'message.received',
      'message.sent',
      'message.delivered',
      'message.read',
      'conversation.updated',
      'conversation.assigned',
      'conversation.resolved',
      'contact.updated',
      'contact.deleted',
    ])
    expect(new Set(all.arrivals.map(({ type }) => type))).toEqual(new Set(eventTypes))
    expect(all.huechat.counts).toMatchObject({ delivered: 11, givenUp: 0, received: 1, sent: 1 })
  })

  test('the payload', async () => {
    const { listen, huechat, later, arrivals } = kit({ organizationId: 'org_7' })
    await listen(['message.received'])
    const message = huechat.incoming('+1234567890', 'Where is my order?')
    await later(0)
    expect(arrivals.map(({ body }) => body)).toEqual([
      {
        id: expect.stringMatching(/^evt_/) as string,
        type: 'message.received',
        timestamp: '2026-11-22T12:00:00Z',
        retry_count: 0,
        data: message,
        organization_id: 'org_7',
      },
    ])
    expect(message).toMatchObject({ content: 'Where is my order?', channel: 'whatsapp', sent_by: 'contact' })
  })

  test('a new address becomes a contact first; an unknown id is a mistake', async () => {
    const { listen, huechat, later, arrivals } = kit()
    await listen(['contact.created', 'conversation.created', 'message.received'])
    huechat.incoming('new@example.com', 'Hi', 'email')
    huechat.incoming('new@example.com', 'Still here', 'email')
    await later(0)
    expect(arrivals.map(({ type }) => type).sort()).toEqual([
      'contact.created',
      'conversation.created',
      'message.received',
      'message.received',
    ])
    expect(() => huechat.incoming('cnt_nobody', 'Hi')).toThrow(TypeError)
  })

  test('only the types that were asked for, and only while active', async () => {
    const { listen, ask, make, later, arrivals } = kit()
    await listen(['contact.deleted'])
    const off = await make('/v2/webhooks', { url: 'https://receiver.example', events: ['contact.created'], active: false })
    const contact = await make('/v2/contact', jane)
    await later(0)
    expect(arrivals).toEqual([])
    await ask('PUT', `/v2/webhook/${off}`, { active: true })
    await ask('DELETE', `/v2/contact/${contact}`)
    await later(0)
    expect(arrivals.map(({ type }) => type)).toEqual(['contact.deleted'])
  })

  test('requests begin in the order of their events, whatever their size', async () => {
    const { listen, huechat, later, arrivals } = kit()
    await listen(['message.received'])
    const ids = [16_000_000, 1].map((size) => huechat.sendEvent('message.received', { content: 'x'.repeat(size) }))
    await later(0)
    expect(arrivals.map(({ id }) => id)).toEqual(ids)
  })

  test('an event shows what was, not what has become of it', async () => {
    const { listen, make, huechat, later, arrivals, world } = kit()
    await listen(['message.sent', 'message.delivered'])
    const contact = await make('/v2/contact', jane)
    huechat.holdWebhooks()
    await make(`/v2/contact/${contact}/message`, hello)
    await world.pass(1000)
    huechat.releaseWebhooks()
    await later(0)
    expect(arrivals.map(({ body }) => body['data'])).toMatchObject([{ status: 'sent', delivered_at: null }, { status: 'delivered' }])
    expect(world.timers).toBe(0)
  })

  test('the sandbox mirrors production', async () => {
    const all = kit({ environment: 'sandbox' })
    await all.listen(eventTypes)
    await live(all)
    expect(all.arrivals.map(({ type }) => type).sort()).toEqual([...eventTypes].sort())
    expect(all.huechat.counts).toMatchObject({ sent: 0, simulated: 1 })
  })
})

describe('retries', () => {
  test.each([
    ['exponential', [0, 5, 15, 35, 75, 155]],
    ['linear', [0, 5, 15, 30, 50, 75]],
  ])('%s: the same event, retry_count grows, and an end', async (policy, seconds) => {
    const all = kit()
    const { listen, huechat, later, arrivals, world } = all
    const secret = await listen(['message.received'], { retry_policy: policy })
    all.receiver = 500
    const start = world.now()
    huechat.incoming('+1234567890', 'Hi')
    for (let second = 0; second < 200; second++) {
      await later(second === 0 ? 0 : 1000)
      const last = arrivals.at(-1)
      expect(last && isSigned(last, secret, world.now())).toBe(true)
    }
    expect(huechat.deliveries.map(({ at }) => (at - start) / 1000)).toEqual(seconds)
    expect(arrivals.map(({ retry_count }) => retry_count)).toEqual([0, 1, 2, 3, 4, 5])
    expect(new Set(arrivals.map(({ id }) => id)).size).toBe(1)
    expect(huechat.counts).toMatchObject({ delivered: 0, givenUp: 1 })
  })

  test.each([
    [204, 204],
    [302, 302],
    [400, 400],
    [503, 503],
    [0, 'unreachable'],
  ])('a receiver that answers %s', async (receiver, outcome) => {
    const all = kit()
    await all.listen(['message.received'])
    all.receiver = receiver
    all.huechat.incoming('+1234567890', 'Hi')
    await all.later(0)
    expect(all.huechat.deliveries).toMatchObject([{ outcome, kind: 'event', retryCount: 0 }])
    all.receiver = 200
    await all.later(5000)
    expect(all.arrivals).toHaveLength(receiver === 204 ? 1 : 2)
    expect(all.huechat.counts).toMatchObject({ delivered: 1, givenUp: 0 })
  })

  test('a receiver that says nothing has 10 s, and its late word changes nothing', async () => {
    const late: ((response: Response) => void)[] = []
    const requests: Request[] = []
    const deliver = (request: Request) => {
      requests.push(request)
      return new Promise<Response>((resolve) => void late.push(resolve))
    }
    const { listen, huechat, world } = kit({ deliver, webhookRetries: 0 })
    await listen(['message.received'])
    huechat.incoming('+1234567890', 'Hi')
    await world.pass(0)
    await expect.poll(() => requests.length).toBe(1)
    await world.pass(9999)
    expect(huechat.deliveries).toMatchObject([{ outcome: 'pending' }])
    await world.pass(1)
    await huechat.idle()
    expect(requests[0]?.signal.aborted).toBe(true)
    late[0]?.(new Response())
    await world.pass(0)
    expect(huechat.deliveries).toMatchObject([{ outcome: 'silence' }])
    expect([huechat.counts.givenUp, huechat.counts.delivered, world.timers]).toEqual([1, 0, 0])
  })

  test('a webhook that was deleted or switched off gets no further attempt', async () => {
    const all = kit()
    const { listen, ask, huechat, later } = all
    await listen(['message.received'])
    await listen(['message.received'])
    const [first, second] = (await ask('GET', '/v2/webhooks')).body['data'] as { id: string }[]
    all.receiver = 500
    huechat.incoming('+1234567890', 'Hi')
    await later(0)
    await ask('DELETE', `/v2/webhook/${first?.id}`)
    await ask('PUT', `/v2/webhook/${second?.id}`, { active: false })
    await later(5000)
    expect(all.arrivals).toHaveLength(2)
  })
})
