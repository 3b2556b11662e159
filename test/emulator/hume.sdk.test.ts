import { execFile } from 'node:child_process'
import { once, EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HumeClient, type Hume as Sdk } from 'hume'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHume, type Hume } from '../../src/emulator/hume.ts'
import { serve, type Served, type ServeOptions } from '../../src/emulator/node.ts'
import { manualWorld, type ManualWorld } from './manual-world.ts'

/** The official SDK, unchanged but for its address, over real sockets. */

let world: ManualWorld
let hume: Hume
let at: Served
/** The address of every handshake, in order. */
let handshakes: URL[]
const leave: (() => unknown)[] = []

const serving = async (options: ServeOptions = {}) => {
  const served = await serve(
    {
      name: hume.name,
      fetch: hume.fetch,
      upgrade: (upgrade) => {
        handshakes.push(upgrade.url)
        return hume.upgrade(upgrade)
      },
    },
    options,
  )
  leave.push(() => served.close())
  return served
}

beforeEach(async () => {
  world = manualWorld()
  hume = createHume({ world })
  handshakes = []
  at = await serving()
})
afterEach(async () => {
  for (const undo of leave.splice(0).reverse()) await undo()
})

const key = () => hume.installed[0] ?? { apiKey: '', secretKey: '' }

async function mint(): Promise<string> {
  const { apiKey, secretKey } = key()
  const response = await fetch(`${at.url}/oauth2-cc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${apiKey}:${secretKey}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

const client = async () => new HumeClient({ accessToken: await mint(), environment: at.url })
const keyClient = () => new HumeClient({ apiKey: key().apiKey, environment: at.url })

/** What an SDK socket says, one thing after another. */
interface Talking<Message> {
  on(event: 'open', callback: () => void): void
  on(event: 'message', callback: (message: Message) => void): void
  on(event: 'close', callback: (event: { code: number }) => void): void
  on(event: 'error', callback: (error: Error) => void): void
  close(): void
}

function listen<Message extends { type: string }>(socket: Talking<Message>) {
  const heard: string[] = []
  const messages: Message[] = []
  const bell = new EventEmitter()
  const tell = (what: string) => {
    heard.push(what)
    bell.emit('heard')
  }
  socket.on('open', () => tell('open'))
  socket.on('message', (message) => (messages.push(message), tell(message.type)))
  socket.on('close', ({ code }) => tell(`close ${code}`))
  socket.on('error', (error) => tell(`error ${error.message}`))
  leave.push(() => socket.close())
  return {
    heard,
    messages,
    /** Resolves as soon as this was heard `times` times. */
    async hears(what: string, times = 1) {
      while (heard.filter((one) => one === what).length < times) await once(bell, 'heard')
    },
    last: <Type extends Message['type']>(type: Type) =>
      messages.filter((message) => message.type === type).at(-1) as Extract<Message, { type: Type }>,
  }
}

describe('the token exchange over TLS', () => {
  const run = promisify(execFile)
  /** In a process of its own: `NODE_EXTRA_CA_CERTS` is read when Node starts. */
  const script = `
    import { fetchAccessToken } from 'hume'
    const [apiKey, secretKey, host] = process.argv.slice(1)
    const accessToken = await fetchAccessToken({ apiKey, secretKey, host })
    const refusal = await fetchAccessToken({ apiKey, secretKey: 'wrong', host }).catch((error) => error.message)
    console.log(JSON.stringify({ accessToken, refusal }))
  `

  test('fetchAccessToken brings a token that opens a chat, and says 401 for a wrong pair', async () => {
    const ca = await generate([{ name: 'commonName', value: 'Test CA' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    })
    const tls = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: ca.private, cert: ca.cert },
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    })
    const folder = await mkdtemp(join(tmpdir(), 'hume-ca-'))
    leave.push(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'ca.pem'), ca.cert)
    const { port } = await serving({ tls: { key: tls.private, cert: tls.cert } })
    const args = ['--input-type=module', '-e', script, key().apiKey, key().secretKey, `127.0.0.1:${port}`]
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }
    const { stdout } = await run(process.execPath, args, { env })
    const { accessToken, refusal } = JSON.parse(stdout) as { accessToken: string; refusal: string }

    expect(hume.secrets()).toContain(accessToken)
    const socket = new HumeClient({ accessToken, environment: at.url }).empathicVoice.chat.connect()
    await listen(socket).hears('chat_metadata')
    expect(refusal).toContain('Failed to fetch access token: (401 Unauthorized)')
    expect(hume.counts).toMatchObject({ mints: 1, refusedMints: 1 })
    // Starting a process takes seconds on a busy machine.
  }, 60_000)
})

describe('a chat', () => {
  /** The SDK prints every frame that its own schemas do not know. */
  const printed = () => {
    const spies = (['log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}))
    leave.push(() => spies.forEach((spy) => spy.mockRestore()))
    return () => spies.flatMap((spy) => spy.mock.calls)
  }

  test('connects, is greeted, asks, is answered, pauses and resumes', async () => {
    const complaints = printed()
    const socket = (await client()).empathicVoice.chat.connect({
      configId: 'c-1',
      sessionSettings: { customSessionId: 'mine', audio: { channels: 1, encoding: 'linear16', sampleRate: 48000 } },
    })
    const { hears, last, heard, messages } = listen<Sdk.empathicVoice.SubscribeEvent & { type: string }>(socket)
    await hears('chat_metadata')
    expect(last('chat_metadata')).toMatchObject({
      chatId: hume.chats[0]?.chat_id,
      chatGroupId: hume.chats[0]?.chat_group_id,
      customSessionId: 'mine',
    })

    socket.sendUserInput('Hello')
    await hears('assistant_end')
    expect(heard).toEqual([
      'open',
      'chat_metadata',
      'user_message',
      'assistant_message',
      'assistant_prosody',
      'audio_output',
      'assistant_end',
    ])
    expect(last('user_message')).toMatchObject({ fromText: true, interim: false, message: { role: 'user', content: 'Hello' } })
    expect(Object.keys(last('assistant_prosody').models.prosody?.scores ?? {})).toHaveLength(48)
    expect(atob(last('audio_output').data).slice(0, 4)).toBe('RIFF')

    socket.pauseAssistant()
    socket.sendUserInput('First.')
    socket.sendUserInput('Second.')
    await hears('user_message', 3)
    socket.resumeAssistant()
    await hears('assistant_end', 2)
    const answer = messages.slice(-10).flatMap((message) => (message.type === 'assistant_message' ? [message.message.content] : []))
    expect(answer.join(' ')).toContain('Second')
    expect(answer.join(' ')).not.toContain('First')

    expect(complaints()).toEqual([])
    expect(hume.counts).toMatchObject({ upgrades: 1, refusedUpgrades: 0, chats: 1 })
    expect(hume.chats[0]?.query).toMatchObject({
      config_id: 'c-1',
      'session_settings[audio][encoding]': 'linear16',
      fernSdkLanguage: 'JavaScript',
    })
  })

  test('sends everything that it can send', async () => {
    const complaints = printed()
    const socket = keyClient().empathicVoice.chat.connect({ verboseTranscription: true })
    const { hears, last } = listen<Sdk.empathicVoice.SubscribeEvent & { type: string }>(socket)
    await hears('chat_metadata')
    socket.sendSessionSettings({
      systemPrompt: 'Be kind',
      tools: [{ type: 'function', name: 'get_time', parameters: '{}' }],
      builtinTools: [{ name: 'web_search' }],
    })
    await hears('session_settings')
    socket.sendAudioInput({ data: btoa('sound') })
    socket.socket.send(new Uint8Array(4))
    socket.sendAssistantInput({ text: 'A line.' })
    await hears('assistant_end')
    socket.sendUserInput('get time')
    await hears('tool_call')
    socket.sendToolResponseMessage({ toolCallId: last('tool_call').toolCallId, content: 'noon' })
    await hears('assistant_end', 2)
    socket.sendUserInput('get_time again')
    await hears('tool_call', 2)
    socket.sendToolErrorMessage({ toolCallId: last('tool_call').toolCallId, error: 'broken' })
    await hears('assistant_end', 3)
    socket.sendUserInput('search')
    await hears('tool_response')
    await hears('assistant_end', 4)
    hume.hear('Spoken words')
    await hears('assistant_end', 5)
    hume.sendError('E0705', 'custom_language_model_disconnected')
    await hears('error')
    expect(complaints()).toEqual([])
    expect(hume.chats[0]?.audioBytes).toBe(9)
    expect(hume.chats[0]?.messages.map(({ type }) => type)).toEqual([
      'session_settings',
      'audio_input',
      'assistant_input',
      'user_input',
      'tool_response',
      'user_input',
      'tool_error',
      'user_input',
    ])
  })

  test('goes on with a group when told to', async () => {
    const sdk = await client()
    const first = sdk.empathicVoice.chat.connect()
    await listen(first).hears('chat_metadata')
    first.close()
    const resumedChatGroupId = hume.chats[0]?.chat_group_id ?? ''
    await listen(sdk.empathicVoice.chat.connect({ resumedChatGroupId })).hears('chat_metadata')
    expect(hume.chats.map((chat) => [chat.chat_group_id, chat.resumed])).toEqual([
      [resumedChatGroupId, false],
      [resumedChatGroupId, true],
    ])
    expect(hume.chats[0]?.chat_id).not.toBe(hume.chats[1]?.chat_id)
  })

  test('is joined through the control plane', async () => {
    const sdk = await client()
    const socket = sdk.empathicVoice.chat.connect({ allowConnection: true })
    const { hears, last } = listen<Sdk.empathicVoice.SubscribeEvent & { type: string }>(socket)
    await hears('chat_metadata')
    const { chatId } = last('chat_metadata')
    const plane = listen(await sdk.empathicVoice.controlPlane.connect({ chat_id: chatId }))
    await plane.hears('chat_metadata')
    await sdk.empathicVoice.controlPlane.send(chatId, { type: 'assistant_input', text: 'From the backend.' })
    await Promise.all([hears('assistant_end'), plane.hears('assistant_end')])
    expect(last('assistant_message').message.content).toBe('From the backend.')
  })
})

describe('REST', () => {
  test('chats, events and groups are listed, with a token and with a key', async () => {
    const socket = (await client()).empathicVoice.chat.connect()
    const { hears } = listen(socket)
    await hears('chat_metadata')
    socket.sendUserInput('Hello')
    await hears('assistant_end')
    const [record] = hume.chats
    for (const sdk of [await client(), keyClient()]) {
      const chats = await sdk.empathicVoice.chats.listChats({ pageNumber: 0, pageSize: 1 })
      expect(chats.data).toMatchObject([{ id: record?.chat_id, chatGroupId: record?.chat_group_id, status: 'ACTIVE' }])
      const events: string[] = []
      for await (const event of await sdk.empathicVoice.chats.listChatEvents(record?.chat_id ?? '', { ascendingOrder: true, pageSize: 1 }))
        events.push(event.type)
      expect(events).toEqual(['CHAT_START_MESSAGE', 'USER_MESSAGE', 'AGENT_MESSAGE'])
      expect((await sdk.empathicVoice.chatGroups.listChatGroups()).data).toMatchObject([
        { id: record?.chat_group_id, numChats: 1, active: true },
      ])
      const group = await sdk.empathicVoice.chatGroups.getChatGroup(record?.chat_group_id ?? '')
      expect(group.chatsPage).toHaveLength(1)
      expect((await sdk.empathicVoice.chatGroups.listChatGroupEvents(record?.chat_group_id ?? '')).data).toHaveLength(3)
    }
  })

  test('a dead token and a bad request are the SDK’s own errors', async () => {
    const sdk = await client()
    await expect(sdk.empathicVoice.chats.listChats({ pageSize: 1000 })).rejects.toMatchObject({
      statusCode: 400,
      body: { error: 'bad_request' },
    })
    await expect(sdk.tts.synthesizeJson({ utterances: [] })).rejects.toMatchObject({ statusCode: 422 })
    hume.expireTokens()
    await expect(sdk.empathicVoice.chats.listChats()).rejects.toMatchObject({ statusCode: 401 })
  })
})

describe('text to speech', () => {
  test('speaks over the socket, with both kinds of timestamp', async () => {
    const socket = await (
      await client()
    ).tts.streamInput.connect({ noBinary: true, formatType: 'wav', includeTimestampTypes: ['word', 'phoneme'] })
    const { hears, messages } = listen<Sdk.tts.TtsOutput>(socket)
    await hears('open')
    socket.sendPublish({ text: 'Hi.' })
    await hears('audio', 2)
    expect(messages.map((message) => (message.type === 'timestamp' ? message.timestamp.type : message.chunkIndex))).toEqual([
      'word',
      'phoneme',
      'phoneme',
      0,
      1,
    ])
    socket.sendPublish({ close: true })
    await hears('close 1000')
    expect(handshakes[0]?.searchParams.getAll('include_timestamp_types')).toEqual(['word', 'phoneme'])
  })

  test('synthesizes over REST: whole, as a file, as a stream', async () => {
    const { tts } = await client()
    const request: Sdk.tts.PostedTts = { utterances: [{ text: 'Hello.' }], format: { type: 'wav' } }
    const whole = await tts.synthesizeJson(request)
    expect(whole.generations[0]).toMatchObject({ encoding: { format: 'wav', sampleRate: 48_000 }, snippets: [[{ text: 'Hello.' }]] })
    for (const file of [await tts.synthesizeFile(request), await tts.synthesizeFileStreaming(request)]) {
      expect(new TextDecoder().decode((await file.arrayBuffer()).slice(0, 4))).toBe('RIFF')
    }
    const chunks: string[] = []
    for await (const chunk of await tts.synthesizeJsonStreaming(request)) chunks.push(chunk.type)
    expect(chunks).toEqual(['audio', 'audio'])
    expect((await tts.voices.list({ provider: 'HUME_AI' })).data).toHaveLength(3)
  })
})

/** What the library is for: the official client's reconnect does not survive the token, nor keep the conversation. */
describe('what the official SDK does after a drop', () => {
  /** Lets the SDK's own time pass in small steps, with a turn of the real network after each, until it is so. */
  const passUntil = async (isSo: () => boolean) => {
    while (!isSo()) {
      await vi.advanceTimersByTimeAsync(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  /** Time of timers is virtual, so that the SDK's 1 to 5 s before a reconnect cost nothing. */
  const dropped = async (before: () => void) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    leave.push(() => vi.useRealTimers())
    const socket = (await client()).empathicVoice.chat.connect()
    const told = listen<Sdk.empathicVoice.SubscribeEvent & { type: string }>(socket)
    await passUntil(() => told.heard.includes('chat_metadata'))
    before()
    hume.dropSockets(1012)
    return told
  }
  const tokens = () => handshakes.map((url) => url.searchParams.get('access_token'))

  test('with a dead token it dials once more with the same one, reports 1000, and never again', async () => {
    const { heard } = await dropped(() => hume.expireTokens())
    await passUntil(() => heard.includes('close 1000'))
    // Node names the status in the error that follows; a browser gives an empty message.
    expect(heard.slice(0, 4)).toEqual(['open', 'chat_metadata', 'close 1012', 'close 1000'])
    await vi.advanceTimersByTimeAsync(3_600_000)
    // A round trip of our own: a dial that was begun before it would have arrived.
    await fetch(at.url)
    expect(tokens()).toHaveLength(2)
    expect(tokens()[1]).toBe(tokens()[0])
    expect(hume.counts).toMatchObject({ mints: 1, upgrades: 1, refusedUpgrades: 1, chats: 1 })
  })

  test('with a living token it begins an unrelated chat', async () => {
    const { heard } = await dropped(() => {})
    await passUntil(() => heard.filter((one) => one === 'chat_metadata').length === 2)
    expect(tokens()[1]).toBe(tokens()[0])
    expect(handshakes[1]?.searchParams.has('resumed_chat_group_id')).toBe(false)
    expect(new Set(hume.chats.map((chat) => chat.chat_group_id)).size).toBe(2)
  })
})
