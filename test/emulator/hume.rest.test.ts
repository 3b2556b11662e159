import { describe, expect, test } from 'vitest'
import { kit, type Kit, open } from './hume-kit.ts'

type Page = Record<string, unknown> & { page_number: number; total_pages: number }

/** Asks with the account's API key, as a backend does. */
const get = async (all: Kit, path: string) => {
  const response = await all.request(path, { headers: { 'x-hume-api-key': all.hume.installed[0]?.apiKey ?? '' } })
  return { status: response.status, body: (await response.json()) as Page }
}

const post = (all: Kit, path: string, body: unknown) =>
  all.request(path, {
    method: 'POST',
    headers: { 'x-hume-api-key': all.hume.installed[0]?.apiKey ?? '', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('chats and groups', () => {
  /** Three chats: two of one group, one of its own; the last is active. */
  const withChats = async () => {
    const all = kit()
    const first = await all.chat({ config_id: 'c-1', config_version: '2' })
    first.send({ type: 'user_input', text: 'One' })
    first.leave()
    await all.world.pass(1000)
    const group = all.hume.chats[0]?.chat_group_id ?? ''
    const second = await all.chat({ resumed_chat_group_id: group })
    second.leave()
    await all.world.pass(1000)
    await all.chat()
    return { ...all, group }
  }

  test('are listed newest first, in pages', async () => {
    const all = await withChats()
    const [one, two, three] = all.hume.chats.map(({ chat_id }) => chat_id)
    const ids = (body: Page) => (body['chats_page'] as { id: string }[]).map(({ id }) => id)
    const first = await get(all, '/v0/evi/chats?page_size=2')
    expect(first.body).toMatchObject({ page_number: 0, page_size: 2, total_pages: 2, pagination_direction: 'DESC' })
    expect(ids(first.body)).toEqual([three, two])
    expect(ids((await get(all, '/v0/evi/chats?page_size=2&page_number=1')).body)).toEqual([one])
    expect(ids((await get(all, '/v0/evi/chats?page_number=9')).body)).toEqual([])
    expect(ids((await get(all, '/v0/evi/chats?ascending_order=true')).body)).toEqual([one, two, three])
    expect(ids((await get(all, '/v0/evi/chats?status=ACTIVE')).body)).toEqual([three])
    expect(ids((await get(all, '/v0/evi/chats?config_id=c-1')).body)).toEqual([one])
  })

  test('one chat shows its events', async () => {
    const all = await withChats()
    const record = all.hume.chats[0]
    const { body } = await get(all, `/v0/evi/chats/${record?.chat_id}?ascending_order=true&page_size=3`)
    expect(body).toMatchObject({
      id: record?.chat_id,
      chat_group_id: record?.chat_group_id,
      status: 'USER_ENDED',
      start_timestamp: record?.startedAt,
      config: { id: 'c-1', version: 2 },
      events_page: [
        { type: 'CHAT_START_MESSAGE', role: 'SYSTEM' },
        { type: 'USER_MESSAGE', role: 'USER', message_text: 'One' },
        { type: 'AGENT_MESSAGE', role: 'AGENT' },
      ],
    })
  })

  test('groups are listed, shown with their chats and with all their events', async () => {
    const all = await withChats()
    const [one, two, three] = all.hume.chats
    const list = await get(all, '/v0/evi/chat_groups?ascending_order=true')
    expect(list.body['chat_groups_page']).toMatchObject([
      { id: all.group, active: false, num_chats: 2, first_start_timestamp: one?.startedAt, most_recent_chat_id: two?.chat_id },
      { id: three?.chat_group_id, active: true, num_chats: 1 },
    ])
    const group = await get(all, `/v0/evi/chat_groups/${all.group}`)
    expect(group.body).toMatchObject({ id: all.group, num_chats: 2, chats_page: [{ id: two?.chat_id }, { id: one?.chat_id }] })
    const events = await get(all, `/v0/evi/chat_groups/${all.group}/events?page_size=100`)
    expect(events.body['events_page']).toHaveLength((one?.events.length ?? 0) + (two?.events.length ?? 0))
  })

  test.each([
    ['/v0/evi/chats/nobody', 404],
    ['/v0/evi/chat_groups/nobody', 404],
    ['/v0/evi/chats?page_size=0', 400],
    ['/v0/evi/chats?page_size=101', 400],
    ['/v0/evi/chats?page_number=-1', 400],
    ['/v0/evi/chat', 426],
    ['/v0/nowhere', 404],
  ])('%s → %i', async (path, status) => {
    expect((await get(kit(), path)).status).toBe(status)
  })
})

describe('pages of another origin', () => {
  test('may ask with the headers that the SDK sends, and read every answer, refusals too', async () => {
    const { request } = kit()
    const preflight = await request('/v0/evi/chats', { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-hume-client-version')
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST, PATCH, DELETE')
    const refused = await request('/v0/evi/chats')
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
  })
})

describe('text to speech over REST', () => {
  test('answers a generation with its snippets', async () => {
    const body = {
      utterances: [{ text: 'Hello there.' }, { text: 'Bye.' }],
      format: { type: 'wav' },
      num_generations: 2,
      include_timestamp_types: ['word'],
    }
    const answer = (await (await post(kit(), '/v0/tts', body)).json()) as { generations: Record<string, unknown>[]; request_id: string }
    expect(answer.generations).toHaveLength(2)
    expect(answer.generations[0]).toMatchObject({
      encoding: { format: 'wav', sample_rate: 48_000 },
      snippets: [
        [
          {
            text: 'Hello there.',
            utterance_index: 0,
            timestamps: [{ text: 'Hello', type: 'word', time: { begin: 0, end: 90 } }, { text: 'there.' }],
          },
        ],
        [{ text: 'Bye.' }],
      ],
    })
    expect(atob(String(answer.generations[0]?.['audio']))).toHaveLength(Number(answer.generations[0]?.['file_size']))
  })

  test.each([
    ['mp3', 'audio/mpeg', [0xff, 0xfb]],
    ['wav', 'audio/wav', [0x52, 0x49]],
    ['pcm', 'application/octet-stream', [0, 0]],
  ])('a %s file', async (type, contentType, start) => {
    for (const path of ['/v0/tts/file', '/v0/tts/stream/file']) {
      const response = await post(kit(), path, { utterances: [{ text: 'Hello' }], format: { type } })
      expect(response.headers.get('content-type')).toBe(contentType)
      expect([...new Uint8Array(await response.arrayBuffer()).slice(0, 2)]).toEqual(start)
    }
  })

  test('streams one JSON object a line', async () => {
    const response = await post(kit(), '/v0/tts/stream/json', {
      utterances: [{ text: 'One.' }, { text: 'Two.' }],
      include_timestamp_types: ['word'],
    })
    const lines = (await response.text()).trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'timestamp',
      'audio',
      'audio',
      'timestamp',
      'audio',
      'audio',
    ])
  })

  test.each([{}, { utterances: [] }, { utterances: [{}] }, { utterances: 'Hello' }, []])('%j is a 422', async (body) => {
    const response = await post(kit(), '/v0/tts', body)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['body', 'utterances'] }] })
  })

  test('voices are listed, saved and deleted', async () => {
    const all = kit()
    const names = async (provider: string) =>
      ((await get(all, `/v0/tts/voices?provider=${provider}`)).body['voices_page'] as { name: string }[]).map(({ name }) => name)
    expect(await names('HUME_AI')).toHaveLength(3)
    expect((await post(all, '/v0/tts/voices', { generation_id: 'g', name: 'Mine' })).status).toBe(200)
    expect(await names('CUSTOM_VOICE')).toEqual(['Mine'])
    const remove = () =>
      all.request('/v0/tts/voices?name=Mine', { method: 'DELETE', headers: { 'x-hume-api-key': all.hume.installed[0]?.apiKey ?? '' } })
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 400])
  })
})

describe('the text to speech socket', () => {
  const speak = async (query: string, ...frames: object[]) => {
    const all = kit()
    const wire = open(await all.dial(`/v0/tts/stream/input?access_token=${await all.mint()}&${query}`))
    for (const frame of frames) wire.send(frame)
    return wire
  }

  test('speaks frames without a type, with timestamps, and closes when told to', async () => {
    const query = 'no_binary=true&format_type=wav&include_timestamp_types=word&include_timestamp_types=phoneme'
    const wire = await speak(query, { text: 'Hi you.' }, { close: true })
    expect(wire.types()).toEqual([...Array<string>(7).fill('timestamp'), 'audio', 'audio'])
    expect(wire.frames().at(-1)).toMatchObject({ audio_format: 'wav', chunk_index: 1, is_last_chunk: true, text: 'Hi you.' })
    expect(wire.frames().map((frame) => (frame['timestamp'] as { text: string } | undefined)?.text)).toEqual([
      'Hi',
      'you.',
      'H',
      'i',
      'y',
      'o',
      'u',
      undefined,
      undefined,
    ])
    expect(wire.binaries).toEqual([])
    expect(wire.closes).toEqual([[1000, '']])
  })

  test('without instant_mode waits for a sentence, a flush or the close', async () => {
    const wire = await speak('no_binary=true&instant_mode=false', { text: 'Hello ' }, { text: 'there. And' })
    const said = () =>
      wire
        .frames()
        .filter((frame) => frame['is_last_chunk'] === true)
        .map((frame) => frame['text'])
    expect(said()).toEqual(['Hello there.'])
    wire.send({ text: ' more', flush: true })
    expect(said()).toEqual(['Hello there.', 'And more'])
    wire.send({ text: 'Last', close: true })
    expect(said()).toEqual(['Hello there.', 'And more', 'Last'])
    expect(wire.frames()[0]).toHaveProperty('transcribed_text', 'Hello there.')
  })

  test('sends sound as binary frames too unless told not to; stripped of all headers but the first', async () => {
    const wire = await speak('format_type=wav&strip_headers=true', { text: 'Hello.' })
    expect(wire.binaries.map((bytes) => new TextDecoder().decode(bytes.slice(0, 4)) === 'RIFF')).toEqual([true, false])
  })

  test('answers nonsense with an error and stays', async () => {
    const wire = await speak('no_binary=true', { text: 7 })
    wire.send('{')
    wire.send({ text: 'Hello' })
    expect(wire.types()).toEqual(['error', 'error', 'audio', 'audio'])
  })
})

describe('expression measurement', () => {
  test('the old stream takes an API key and answers scores', async () => {
    const { hume, dial } = kit()
    const key = hume.installed[0]?.apiKey ?? ''
    const wire = open(await dial(`/v0/stream/models?api_key=${key}`))
    wire.send({ models: { language: {} }, data: 'aGk=', payload_id: 'p' })
    wire.send('{')
    wire.send({ data: 'aGk=' })
    const [answer, notJson, noModels] = wire.texts.map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(answer).toMatchObject({ payload_id: 'p', language: { predictions: [{ emotions: { length: 48 } }] } })
    expect([notJson, noModels]).toMatchObject([{ code: 'E0100' }, { code: 'E0101' }])
    open(await dial('/v0/stream/models', { 'x-hume-api-key': key }))
    expect(await dial('/v0/stream/models?api_key=wrong')).toHaveProperty('status', 401)
  })

  test('the old stream refuses tokens, good ones too, and says why', async () => {
    const { dial, mint } = kit()
    for (const [path, headers] of [
      [`/v0/stream/models?access_token=${await mint()}`, {}],
      ['/v0/stream/models', { authorization: `Bearer ${await mint()}` }],
    ] as const) {
      const refused = await dial(path, headers)
      expect(refused).toHaveProperty('status', 401)
      expect(await (refused as Response).text()).toContain('does not accept access tokens')
    }
  })

  test('the new one takes a key or a token, in a header only', async () => {
    const { hume, dial, mint } = kit()
    const token = await mint()
    for (const medium of ['audio', 'video']) {
      open(await dial(`/v1/expression/${medium}/realtime`, { authorization: `Bearer ${token}` }))
      open(await dial(`/v1/expression/${medium}/realtime`, { 'x-hume-api-key': hume.installed[0]?.apiKey ?? '' }))
      const refused = await dial(`/v1/expression/${medium}/realtime?access_token=${token}`)
      expect(refused).toHaveProperty('status', 401)
      expect(Object.keys((await (refused as Response).json()) as object)).toEqual(['message', 'request_id'])
    }
  })

  const realtime = async (medium: 'audio' | 'video') => {
    const { dial, mint } = kit()
    return open(await dial(`/v1/expression/${medium}/realtime`, { authorization: `Bearer ${await mint()}` }))
  }

  test('sound is measured every three seconds', async () => {
    const wire = await realtime('audio')
    expect(wire.frames()).toMatchObject([{ type: 'session.created', config: { measurement_timer_ms: 3000 } }])
    for (let second = 0; second < 6; second++) wire.send(new Uint8Array(32_000))
    expect(wire.types()).toEqual(['session.created', 'utterance.start', 'measurement.result', 'measurement.result'])
    expect(wire.frames().at(-1)).toMatchObject({ trigger: 'interval', audio_start_ms: 0, audio_end_ms: 6000 })
    wire.send(new Uint8Array(3))
    expect(wire.frames().at(-1)).toMatchObject({ type: 'error', code: 'invalid_audio_frame' })
    expect(wire.closes).toEqual([])
  })

  test('the configuration may change before the first sound and never after', async () => {
    const wire = await realtime('audio')
    wire.send({ type: 'session.update', config: { measurement_timer_ms: 4000 } })
    wire.send({ type: 'nonsense' })
    wire.send(new Uint8Array(3200))
    wire.send({ type: 'session.update', config: {} })
    expect(wire.frames().slice(1)).toMatchObject([
      { type: 'error', code: 'message_invalid' },
      { type: 'utterance.start' },
      { type: 'error', code: 'config_invalid' },
      { type: 'session.closed' },
    ])
    expect(wire.closes).toEqual([[1000, 'config_invalid']])
  })

  test('every picture has its faces', async () => {
    const wire = await realtime('video')
    wire.send(new Uint8Array(100))
    expect(wire.frames().at(-1)).toMatchObject({ type: 'measurement.result', frame: 0 })
    wire.send('x'.repeat(2 ** 20 + 1))
    expect(wire.frames().at(-2)).toMatchObject({ code: 'message_too_large' })
  })
})
