import { describe, expect, test } from 'vitest'
import { type Frame, kit, open } from './hume-kit.ts'

const turn = ['user_message', 'assistant_message', 'assistant_prosody', 'audio_output']
const saying = (text: string) => ({ type: 'user_input', text })
const contents = (frames: readonly Frame[]) =>
  frames.filter(({ type }) => type === 'assistant_message').map((frame) => (frame['message'] as { content: string }).content)

describe('a chat', () => {
  test('begins with its metadata, unprompted', async () => {
    const { hume, chat } = kit()
    const wire = await chat({ config_id: 'c-1' })
    const [record] = hume.chats
    expect(wire.frames()).toEqual([
      {
        type: 'chat_metadata',
        chat_group_id: record?.chat_group_id,
        chat_id: record?.chat_id,
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
    ])
    expect(record).toMatchObject({ resumed: false, status: 'ACTIVE', query: { config_id: 'c-1' } })
  })

  test('can be made to open without a word', async () => {
    const { hume, chat } = kit()
    hume.withholdMetadata(true)
    expect((await chat()).texts).toEqual([])
  })

  test('answers typed text with transcript, words, prosody, sound and an end', async () => {
    const wire = await kit().chat()
    wire.send(saying('Hello'))
    expect(wire.types()).toEqual(['chat_metadata', ...turn, 'assistant_end'])
    const [, user, assistant, prosody, sound] = wire.frames()
    expect(user).toMatchObject({ from_text: true, interim: false, message: { role: 'user', content: 'Hello' }, models: {} })
    expect(assistant).toMatchObject({ from_text: false, is_quick_response: false, message: { role: 'assistant' } })
    const { scores } = (prosody as Frame & { models: { prosody: { scores: Record<string, number> } } }).models.prosody
    expect(Object.keys(scores)).toHaveLength(48)
    expect(Object.values(scores).every((score) => score >= 0 && score <= 1)).toBe(true)
    expect(sound).toMatchObject({ id: assistant?.['id'], index: 0 })
    const file = Uint8Array.from(atob(String(sound?.['data'])), (letter) => letter.charCodeAt(0))
    expect(new TextDecoder().decode(file.slice(0, 4))).toBe('RIFF')
    const view = new DataView(file.buffer)
    expect([view.getUint32(4, true) + 8, view.getUint32(24, true), view.getUint32(40, true) + 44]).toEqual([
      file.length,
      48_000,
      file.length,
    ])
  })

  test('says the same to the same words', async () => {
    const answers = await Promise.all(
      [1, 2].map(async () => {
        const wire = await kit().chat()
        for (const text of ['Hi', 'I lost my way.', 'Do you know me?', 'thanks', '  ', 'bye']) wire.send(saying(text))
        return contents(wire.frames())
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.join(' ')).toContain('you lost your way')
  })

  test('hears what is spoken: interim transcripts only when asked for', async () => {
    const { hume, chat } = kit()
    const verbose = await chat({ verbose_transcription: 'true' })
    const plain = await chat()
    hume.hear('How are you today?')
    const seen = (frames: Frame[]) =>
      frames.filter(({ type }) => type === 'user_message').map((frame) => [frame['interim'], frame['from_text']])
    expect(seen(verbose.frames())).toEqual([
      [true, false],
      [false, false],
    ])
    expect(seen(plain.frames())).toEqual([[false, false]])
    expect(plain.frames()[1]).toHaveProperty('models.prosody.scores.Joy')
  })

  test('takes sound as binary frames and as audio_input', async () => {
    const { hume, chat } = kit()
    const wire = await chat()
    wire.send(new Uint8Array(960))
    wire.send({ type: 'audio_input', data: btoa('abcd') })
    expect(hume.chats[0]).toMatchObject({ audioBytes: 964, messages: [{ type: 'audio_input', data: '' }] })
    expect(wire.types()).toEqual(['chat_metadata'])
  })

  test('says what it is told to say, and echoes settings without their key', async () => {
    const wire = await kit().chat({ 'session_settings[custom_session_id]': 'mine' })
    wire.send({ type: 'assistant_input', text: 'Read this aloud.' })
    wire.send({ type: 'session_settings', system_prompt: 'Be kind', language_model_api_key: 'not-for-echoes' })
    const frames = wire.frames()
    expect(frames[1]).toMatchObject({ type: 'assistant_message', from_text: true, message: { content: 'Read this aloud.' } })
    expect(frames.at(-1)).toEqual({ type: 'session_settings', system_prompt: 'Be kind', custom_session_id: 'mine' })
    expect(frames.slice(1).every((frame) => frame['custom_session_id'] === 'mine')).toBe(true)
    expect(wire.texts.join()).not.toContain('not-for-echoes')
  })

  test.each([
    ['{', 'E0100'],
    ['[]', 'E0101'],
    ['{"type":"sing"}', 'E0101'],
    ['{"type":"constructor"}', 'E0101'],
    ['{"type":"user_input"}', 'E0101'],
    ['{"type":"tool_response","tool_call_id":"x"}', 'E0101'],
    ['{"type":"tool_response","tool_call_id":"x","content":"y"}', 'E0101'],
    ['{"type":"audio_input","data":"no base64!"}', 'E0201'],
  ])('%s → an error frame, and the socket stays', async (text, code) => {
    const wire = await kit().chat()
    wire.send(text)
    expect(wire.frames()[1]).toMatchObject({
      type: 'error',
      code,
      slug: expect.any(String) as string,
      message: expect.any(String) as string,
    })
    wire.send(saying('Hello'))
    expect(wire.types().at(-1)).toBe('assistant_end')
    expect(wire.closes).toEqual([])
  })

  test('passes errors and odd frames on by request', async () => {
    const { hume, chat } = kit()
    const wire = await chat()
    hume.sendError('E0705', 'custom_language_model_disconnected', 'gone')
    hume.sendFrame({ type: 'tomorrow' })
    hume.sendFrame('{not json')
    expect(JSON.parse(wire.texts[1] ?? '')).toMatchObject({ type: 'error', code: 'E0705', slug: 'custom_language_model_disconnected' })
    expect(wire.texts.slice(2)).toEqual(['{"type":"tomorrow"}', '{not json'])
  })
})

describe('pause and resume', () => {
  test('a paused assistant transcribes and does not answer; resumed, it answers the last words only', async () => {
    const { hume, chat } = kit()
    const wire = await chat()
    wire.send({ type: 'pause_assistant_message' })
    wire.send(saying('My first thought.'))
    wire.send(saying('My second thought.'))
    expect(wire.types()).toEqual(['chat_metadata', 'user_message', 'user_message'])
    wire.send({ type: 'resume_assistant_message' })
    const answer = contents(wire.frames()).join(' ')
    expect(answer).toContain('your second thought')
    expect(answer).not.toContain('first')
    const events = hume.chats[0]?.events.map(({ type }) => type)
    expect(events?.slice(1, 5)).toEqual(['PAUSE_ONSET', 'USER_MESSAGE', 'USER_MESSAGE', 'RESUME_ONSET'])
  })

  test('a pause in the middle of an answer stops it; resumed, it is given again', async () => {
    const { world, chat } = kit({ paceMs: 100 })
    const wire = await chat()
    wire.send(saying('Hello'))
    await world.pass(100)
    wire.send({ type: 'pause_assistant_message' })
    await world.pass(5000)
    expect(wire.types()).toEqual(['chat_metadata', 'user_message', 'assistant_message', 'assistant_prosody'])
    wire.send({ type: 'resume_assistant_message' })
    await world.pass(5000)
    expect(wire.types().slice(4)).toEqual(['assistant_message', 'assistant_prosody', 'audio_output', 'assistant_end'])
  })

  test('resumed without a word in between, it says nothing', async () => {
    const wire = await kit().chat()
    wire.send({ type: 'resume_assistant_message' })
    wire.send({ type: 'pause_assistant_message' })
    wire.send({ type: 'pause_assistant_message' })
    wire.send({ type: 'resume_assistant_message' })
    expect(wire.types()).toEqual(['chat_metadata'])
  })

  test('lines to read out wait as well, and come before the answer', async () => {
    const wire = await kit().chat()
    wire.send({ type: 'pause_assistant_message' })
    wire.send(saying('Hello'))
    wire.send({ type: 'assistant_input', text: 'A line.' })
    wire.send({ type: 'resume_assistant_message' })
    expect(contents(wire.frames())[0]).toBe('A line.')
    expect(wire.types().filter((type) => type === 'assistant_end')).toHaveLength(2)
  })
})

test('new words cut an answer short', async () => {
  const { world, chat } = kit({ paceMs: 100, prosody: false })
  const wire = await chat()
  wire.send(saying('Hello'))
  wire.send(saying('Wait'))
  await world.pass(10_000)
  expect(wire.types().slice(0, 5)).toEqual(['chat_metadata', 'user_message', 'assistant_message', 'user_interruption', 'user_message'])
  expect(wire.types().filter((type) => type === 'assistant_end')).toHaveLength(1)
})

describe('tools', () => {
  const weather = {
    type: 'function',
    name: 'get_weather',
    parameters: '{"type":"object","required":["place","days"],"properties":{"place":{"type":"string"},"days":{"type":"integer"}}}',
    fallback_content: 'I cannot see the sky.',
  }

  test('a function that is named is called, and its result spoken', async () => {
    const wire = await kit().chat()
    wire.send({ type: 'session_settings', tools: [weather] })
    wire.send(saying('Please get weather'))
    const call = wire.frames().at(-1)
    expect(call).toMatchObject({ type: 'tool_call', name: 'get_weather', response_required: true, tool_type: 'function' })
    expect(JSON.parse(String(call?.['parameters']))).toEqual({ place: 'Please get weather', days: 1 })
    wire.send({ type: 'tool_response', tool_call_id: call?.['tool_call_id'], content: 'sunny' })
    expect(contents(wire.frames())).toEqual(['get_weather says: sunny'])
    wire.send({ type: 'tool_response', tool_call_id: call?.['tool_call_id'], content: 'again' })
    expect(wire.frames().at(-1)).toMatchObject({ type: 'error', code: 'E0101' })
  })

  test('a failed function falls back', async () => {
    const wire = await kit().chat()
    wire.send({ type: 'session_settings', tools: [weather] })
    wire.send(saying('get_weather'))
    wire.send({ type: 'tool_error', tool_call_id: wire.frames().at(-1)?.['tool_call_id'], error: 'no network' })
    expect(contents(wire.frames())).toEqual(['I cannot see the sky.'])
  })

  test('built-in tools answer themselves, and hanging up ends the chat', async () => {
    const { hume, chat } = kit()
    const wire = await chat()
    wire.send({ type: 'session_settings', builtin_tools: [{ name: 'web_search' }, { name: 'hang_up' }] })
    wire.send(saying('Search for hearts'))
    expect(wire.types().slice(3, 6)).toEqual(['tool_call', 'tool_response', 'assistant_message'])
    wire.send(saying('Goodbye'))
    expect(wire.closes).toEqual([[1000, 'hang_up']])
    expect(hume.chats[0]).toMatchObject({ status: 'USER_ENDED', closeCode: 1000 })
  })
})

describe('resuming a group', () => {
  test('brings a new chat in the same group that knows what was said', async () => {
    const { hume, chat } = kit()
    const first = await chat()
    first.send(saying('I have a cat called Miso.'))
    hume.dropSockets()
    const group = hume.chats[0]?.chat_group_id ?? ''
    const second = await chat({ resumed_chat_group_id: group })
    const [before, after] = hume.chats
    expect(second.frames()[0]).toMatchObject({ chat_group_id: group, chat_id: after?.chat_id })
    expect(after?.chat_id).not.toBe(before?.chat_id)
    expect([before?.resumed, after?.resumed]).toEqual([false, true])
    second.send(saying('Do you remember?'))
    second.send(saying('And now?'))
    expect(contents(second.frames()).filter((content) => content.includes('Miso'))).toHaveLength(1)
  })

  test('an unknown group is refused by a frame and a close', async () => {
    const { hume, chat } = kit()
    const wire = await chat({ resumed_chat_group_id: 'nobody-knows' })
    expect(wire.frames()).toEqual([expect.objectContaining({ type: 'error', slug: 'chat_group_not_found' })])
    expect(wire.closes).toEqual([[1008, 'chat_group_not_found']])
    expect(hume.counts).toMatchObject({ upgrades: 1, chats: 0 })
  })

  test('or begins a new one, by option', async () => {
    const { hume, chat } = kit({ unknownGroup: 'start' })
    const wire = await chat({ resumed_chat_group_id: 'nobody-knows' })
    expect(wire.types()).toEqual(['chat_metadata'])
    expect(hume.chats[0]?.chat_group_id).not.toBe('nobody-knows')
  })
})

describe('limits', () => {
  test('a silent user is let go after two minutes; words and sound keep the chat', async () => {
    const { world, hume, chat } = kit()
    const wire = await chat()
    await world.pass(119_999)
    wire.send(new Uint8Array(2))
    await world.pass(119_999)
    wire.send(saying('Hello'))
    await world.pass(119_999)
    wire.send({ type: 'session_settings' })
    await world.pass(1)
    expect(wire.closes).toEqual([[1000, 'inactivity_timeout']])
    expect(hume.chats[0]).toMatchObject({ status: 'INACTIVITY_TIMEOUT', closeCode: 1000, endedAt: world.now() })
    expect(world.timers).toBe(0)
  })

  test('with an inactivity message it speaks first and waits 15 s', async () => {
    const { world, chat } = kit({ inactivityMessage: 'Are you still there?', timeoutCloseCode: 4000 })
    const wire = await chat()
    await world.pass(120_000)
    expect(contents(wire.frames())).toEqual(['Are you still there?'])
    wire.send(saying('Yes'))
    await world.pass(134_999)
    expect(wire.closes).toEqual([])
    await world.pass(1)
    expect(wire.closes).toEqual([[4000, 'inactivity_timeout']])
  })

  test('the longest chat is half an hour', async () => {
    const { world, hume, chat } = kit({ inactivityMs: 1e9 })
    const wire = await chat()
    await world.pass(1_800_000)
    expect(wire.closes).toEqual([[1000, 'max_duration_timeout']])
    expect(hume.chats[0]?.status).toBe('MAX_DURATION_TIMEOUT')
  })

  test('nothing is left running after the client leaves, in the middle of an answer too', async () => {
    const { world, hume, chat } = kit({ paceMs: 100 })
    const wire = await chat()
    wire.send(saying('Hello'))
    wire.leave(1001)
    expect(world.timers).toBe(0)
    expect(hume.chats[0]).toMatchObject({ status: 'USER_ENDED', closeCode: 1001 })
    const sent = wire.texts.length
    wire.send(saying('Anyone?'))
    expect(wire.texts).toHaveLength(sent)
  })
})

describe('the control plane', () => {
  const join = async (allow: 'true' | 'false') => {
    const all = kit()
    const wire = await all.chat({ allow_connection: allow })
    const { chat_id } = all.hume.chats[0] ?? { chat_id: '' }
    const outcome = await all.dial(`/v0/evi/chat/${chat_id}/connect?access_token=${await all.mint()}`)
    return { ...all, wire, outcome, chat_id }
  }

  test('sees and says what the chat does, except sound, and leaves without ending it', async () => {
    const { wire, outcome } = await join('true')
    const observer = open(outcome)
    observer.send({ type: 'assistant_input', text: 'From behind the curtain.' })
    wire.send(saying('Who said that?'))
    expect(observer.types()).toEqual(wire.types())
    observer.send({ type: 'audio_input', data: '' })
    observer.send('{')
    expect(observer.frames().slice(-2)).toMatchObject([{ code: 'E0101' }, { code: 'E0100' }])
    observer.leave()
    expect(wire.closes).toEqual([])
  })

  test('ends with the chat', async () => {
    const { wire, outcome } = await join('true')
    wire.leave()
    expect(open(outcome).closes).toEqual([[1000, 'chat ended']])
  })

  test('needs allow_connection and a live chat', async () => {
    const { outcome, wire, dial, mint, chat_id } = await join('false')
    expect(outcome).toHaveProperty('status', 403)
    wire.leave()
    expect(await dial(`/v0/evi/chat/${chat_id}/connect?access_token=${await mint()}`)).toHaveProperty('status', 404)
  })

  test('takes a frame over REST', async () => {
    const { wire, request, mint, chat_id } = await join('false')
    const headers = { authorization: `Bearer ${await mint()}` }
    const post = (id: string, body: object) =>
      request(`/v0/evi/chat/${id}/send`, { method: 'POST', headers, body: JSON.stringify(body) }).then(({ status }) => status)
    expect(await post(chat_id, { type: 'assistant_input', text: 'Posted.' })).toBe(200)
    expect(contents(wire.frames())).toEqual(['Posted.'])
    expect(await post(chat_id, { type: 'audio_input', data: '' })).toBe(422)
    expect(await post(chat_id, {})).toBe(422)
    expect(await post('nobody', { type: 'user_input', text: 'x' })).toBe(404)
  })
})
