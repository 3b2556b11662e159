import { describe, expect, test } from 'vitest'
import { hello, jane, kit } from './huechat-kit.ts'

const now = '2026-11-22T12:00:00Z'

describe('contacts', () => {
  test('first API call: the whole record', async () => {
    const { ask } = kit()
    const { status, body } = await ask('POST', '/v2/contact', jane)
    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^cnt_[a-z0-9]{12}$/) as string,
        ...jane,
        full_name: 'Jane Smith',
        preferred_channel: null,
        status: 'active',
        metadata: {},
        created_at: now,
        updated_at: now,
        last_contacted: null,
      },
    ])
  })

  test('by id, phone number and email address; singular and plural', async () => {
    const { ask, make } = kit()
    const id = await make('/v2/contacts', jane)
    for (const name of [id, '%2B1234567890', 'jane@example.com']) {
      for (const noun of ['contact', 'contacts']) {
        expect(await ask('GET', `/v2/${noun}/${name}`)).toMatchObject({ status: 200, body: { id } })
      }
    }
    expect((await ask('GET', '/v2/contact/%')).status).toBe(404)
  })

  test('the list, page by page', async () => {
    const { ask, make } = kit()
    for (let i = 0; i < 25; i++) await make('/v2/contact', { email: `${i}@b.c` })
    const first = await ask('GET', '/v2/contacts')
    expect(first.body['pagination']).toEqual({ limit: 20, offset: 0, total: 25, has_more: true })
    expect(first.body['data']).toHaveLength(20)
    const last = await ask('GET', '/v2/contact?limit=5&offset=20')
    expect(last.body).toMatchObject({
      pagination: { limit: 5, offset: 20, total: 25, has_more: false },
      data: [{ email: '20@b.c' }, {}, {}, {}, {}],
    })
    expect((await ask('GET', '/v2/contacts?limit=500')).body['pagination']).toMatchObject({ limit: 100 })
  })

  test('an update changes what it names; a deleted contact is gone, and its number free', async () => {
    const { ask, make, world } = kit()
    const id = await make('/v2/contact', jane)
    await world.pass(60_000)
    const changed = await ask('PUT', `/v2/contact/${id}`, { last_name: 'Doe', metadata: { plan: 'premium' }, preferred_channel: 'sms' })
    expect(changed.body).toMatchObject({
      ...jane,
      last_name: 'Doe',
      full_name: 'Jane Doe',
      metadata: { plan: 'premium' },
      updated_at: '2026-11-22T12:01:00Z',
    })
    expect(await ask('PUT', `/v2/contact/${id}`, { email: jane.email })).toMatchObject({ status: 200 })
    expect(await ask('DELETE', `/v2/contact/${id}`)).toMatchObject({ status: 204, body: {} })
    expect((await ask('GET', `/v2/contact/${id}`)).body).toEqual({ error: 'not_found', message: 'Contact not found', code: 404 })
    expect((await ask('GET', '/v2/contacts')).body['data']).toEqual([])
    await make('/v2/contact', jane)
  })

  test.each([
    [{ phone: '12345' }, 400, 'invalid_input', { field: 'phone', reason: 'Invalid format' }],
    [{ email: 'jane' }, 400, 'invalid_input', { field: 'email', reason: 'Invalid format' }],
    [{}, 400, 'invalid_input', { field: 'phone' }],
    [{ email: 'a@b.c', metadata: [] }, 400, 'invalid_input', { field: 'metadata' }],
    [{ email: 'a@b.c', preferred_channel: 'fax' }, 400, 'invalid_input', { field: 'preferred_channel' }],
    ['{', 400, 'invalid_input', { field: 'body' }],
    ['[]', 400, 'invalid_input', { field: 'body' }],
    [{ phone: jane.phone }, 409, 'conflict', { field: 'phone' }],
    [{ email: jane.email }, 409, 'conflict', { field: 'email' }],
  ])('%j → %i', async (about, status, error, details) => {
    const { ask, make } = kit()
    await make('/v2/contact', jane)
    expect(await ask('POST', '/v2/contact', about)).toMatchObject({
      status,
      body: { error, code: status, message: expect.any(String), details },
    })
  })

  test.each(['limit=0', 'limit=x', 'offset=-1'])('?%s → 400', async (query) => {
    expect(await kit().ask('GET', `/v2/contacts?${query}`)).toMatchObject({ status: 400, body: { error: 'invalid_input' } })
  })
})

describe('messages', () => {
  test('first API call: sent, then delivered, then read', async () => {
    const { ask, make, world, huechat } = kit()
    const contact = await make('/v2/contact', jane)
    const { status, body } = await ask('POST', `/v2/contact/${contact}/message`, hello)
    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^msg_/) as string,
        conversation_id: expect.stringMatching(/^conv_/) as string,
        contact_id: contact,
        ...hello,
        status: 'sent',
        sent_by: 'user',
        sent_at: now,
        delivered_at: null,
        read_at: null,
      },
    ])
    const message = async () => (await ask('GET', `/v2/conversation/${String(body['conversation_id'])}/messages`)).body['data']
    await world.pass(1000)
    expect(await message()).toMatchObject([{ status: 'delivered', delivered_at: '2026-11-22T12:00:01Z', read_at: null }])
    await world.pass(1000)
    expect([huechat.read(String(body['id'])), huechat.read(String(body['id'])), huechat.read('msg_nobody')]).toEqual([true, false, false])
    expect(await message()).toMatchObject([{ status: 'read', read_at: '2026-11-22T12:00:02Z' }])
    expect((await ask('GET', `/v2/contact/${contact}`)).body['last_contacted']).toBe(now)
  })

  test('a template', async () => {
    const { ask, make } = kit({ whatsappWindow: true })
    const contact = await make('/v2/contact', jane)
    const template = {
      channel: 'whatsapp',
      message_type: 'template',
      template_name: 'order_confirmation',
      template_parameters: { 1: 'John' },
    }
    const { status, body } = await ask('POST', `/v2/contact/${contact}/message`, template)
    expect([status, body]).toMatchObject([201, template])
    expect((await ask('GET', '/v2/channels/whatsapp/templates')).body['data']).toMatchObject([{ name: 'order_confirmation' }])
  })

  test("WhatsApp's window of 24 hours, where it is asked for", async () => {
    const { ask, make, world, huechat } = kit({ whatsappWindow: true, plan: 'pro' })
    const contact = await make('/v2/contact', jane)
    const send = (more = {}) => ask('POST', `/v2/contact/${contact}/message`, { ...hello, ...more })
    expect(await send()).toMatchObject({ status: 422, body: { error: 'validation_failed', code: 422, details: { field: 'message_type' } } })
    expect((await send({ channel: 'sms' })).status).toBe(201)
    huechat.incoming(contact, 'Hi')
    await world.pass(86_399_000)
    expect((await send()).status).toBe(201)
    await world.pass(1000)
    expect((await send()).status).toBe(422)
  })

  test.each([
    [{ ...hello, channel: 'fax' }, 400, 'channel'],
    [{ message_type: 'text', content: 'no channel, and the contact prefers none' }, 400, 'channel'],
    [{ ...hello, content: '' }, 400, 'content'],
    [{ channel: 'whatsapp', message_type: 'template' }, 400, 'template_name'],
    [{ ...hello, channel: 'sms' }, 422, 'channel'],
  ])('%j → %i, and nothing is begun', async (said, status, field) => {
    const { ask, make, huechat } = kit({ channels: ['whatsapp'] })
    const contact = await make('/v2/contact', jane)
    expect(await ask('POST', `/v2/contact/${contact}/message`, said)).toMatchObject({ status, body: { details: { field } } })
    expect((await ask('GET', '/v2/conversations')).body['data']).toEqual([])
    expect(huechat.counts.sent).toBe(0)
  })

  test('to nobody → 404', async () => {
    expect((await kit().ask('POST', '/v2/contact/cnt_nobody/message', hello)).body).toMatchObject({ error: 'not_found', code: 404 })
  })

  test('live messages count toward the plan, month by month', async () => {
    const { make, ask, huechat, world } = kit({ plan: { perMinute: 100, messagesPerMonth: 2 } })
    const contact = await make('/v2/contact', jane)
    const send = () => ask('POST', `/v2/contact/${contact}/message`, hello)
    for (let i = 0; i < 2; i++) expect((await send()).status).toBe(201)
    const { status, body } = await send()
    const seconds = (Date.UTC(2026, 11, 1) - world.now()) / 1000
    expect([status, body]).toMatchObject([429, { error: 'rate_limited', code: 429, retry_after: seconds }])
    expect(huechat.counts).toMatchObject({ sent: 2, simulated: 0 })
    await world.pass(seconds * 1000)
    expect((await send()).status).toBe(201)
  })

  test('in the sandbox messages are simulated, look the same, and are unlimited', async () => {
    const { make, ask, huechat } = kit({ environment: 'sandbox', plan: { perMinute: 100, messagesPerMonth: 1 } })
    const contact = await make('/v2/contact', jane)
    for (let i = 0; i < 3; i++) {
      expect(await ask('POST', `/v2/contact/${contact}/message`, hello)).toMatchObject({ status: 201, body: { ...hello, status: 'sent' } })
    }
    expect(huechat.counts).toMatchObject({ sent: 0, simulated: 3 })
  })
})
