import { page } from './pages.ts'
import { type Fields, fieldsOf, invalid, isFields, json, problem } from './replies.ts'
import { type AudioFormat, audioOf, base64, sampleRate, spokenMs } from './samples.ts'
import { formatOf, synthesize, timestampsOf, type Voicing } from './tts.ts'

interface Voice {
  readonly id: string
  readonly name: string
  readonly provider: 'HUME_AI' | 'CUSTOM_VOICE'
}

const contentTypes: Readonly<Record<AudioFormat, string>> = { mp3: 'audio/mpeg', pcm: 'application/octet-stream', wav: 'audio/wav' }

/** The REST half of text to speech. `id` makes a UUID. */
export class TtsRest {
  readonly #id: () => string
  #voices: readonly Voice[]

  constructor(id: () => string) {
    this.#id = id
    this.#voices = ['Ava Song', 'Male English Actor', 'Colton Rivers'].map((name) => ({ id: id(), name, provider: 'HUME_AI' }))
  }

  /** Answers below `/v0/tts`; undefined for a path it does not know. */
  async answer(request: Request, url: URL): Promise<Response | undefined> {
    const path = url.pathname.replace(/\/$/, '')
    if (path === '/v0/tts/voices') return this.#answerVoices(request, url)
    const kind = /^\/v0\/tts(\/file|\/stream\/file|\/stream\/json)?$/.exec(path)
    if (!kind) return undefined
    if (request.method !== 'POST') return problem(405, 'method_not_allowed', 'Use POST.', { allow: 'POST' })
    const body = await fieldsOf(request)
    const texts = Array.isArray(body?.['utterances'])
      ? body['utterances'].map((each: unknown) => (isFields(each) ? each['text'] : null))
      : []
    if (!body || texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
      return invalid(['body', 'utterances'], 'Give at least one utterance, each with a text.', 'missing')
    }
    const how = voicingOf(body)
    if (kind[1] === undefined) return json(this.#generations(texts, body, how))
    if (kind[1] === '/stream/json') return this.#lines(texts, how)
    const sound = audioOf(texts.join(' '), total(texts), how.format)
    return new Response(sound, { headers: { 'content-type': contentTypes[how.format] } })
  }

  #generations(texts: readonly string[], body: Fields, how: Voicing) {
    const number = Math.min(5, Math.max(1, Math.floor(Number(body['num_generations'] ?? 1)) || 1))
    const generations = Array.from({ length: number }, () => {
      const generation_id = this.#id()
      const sound = audioOf(texts.join(' '), total(texts), how.format)
      const snippets = texts.map((text, utterance_index) => [
        {
          id: this.#id(),
          generation_id,
          audio: base64(audioOf(text, spokenMs(text), how.format)),
          text,
          transcribed_text: text,
          timestamps: timestampsOf(text, how.timestamps),
          utterance_index,
        },
      ])
      return {
        generation_id,
        audio: base64(sound),
        duration: total(texts) / 1000,
        encoding: { format: how.format, sample_rate: sampleRate },
        file_size: sound.length,
        snippets,
      }
    })
    return { generations, request_id: this.#id() }
  }

  /** One JSON object a line, each sent by itself. */
  #lines(texts: readonly string[], how: Voicing): Response {
    const base = { generationId: this.#id(), requestId: this.#id() }
    const pieces = texts.flatMap((text, index) => synthesize(text, { ...base, index, snippetId: this.#id() }, how))
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift()
        if (piece) controller.enqueue(encoder.encode(`${JSON.stringify(piece.frame)}\n`))
        else controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
  }

  async #answerVoices(request: Request, url: URL): Promise<Response> {
    if (request.method === 'GET') {
      const provider = url.searchParams.get('provider')
      const voices = this.#voices.filter((voice) => provider === null || voice.provider === provider)
      return page(url, 'voices_page', voices, (voice) => voice)
    }
    if (request.method === 'POST') {
      const body = await fieldsOf(request)
      const name = body?.['name']
      if (typeof name !== 'string' || typeof body?.['generation_id'] !== 'string') {
        return invalid(['body'], 'generation_id and name are required.', 'missing')
      }
      const voice: Voice = { id: this.#id(), name, provider: 'CUSTOM_VOICE' }
      this.#voices = [...this.#voices, voice]
      return json(voice)
    }
    if (request.method !== 'DELETE') return problem(405, 'method_not_allowed', 'Use GET, POST or DELETE.', { allow: 'GET, POST, DELETE' })
    const name = url.searchParams.get('name')
    const kept = this.#voices.filter((voice) => voice.provider !== 'CUSTOM_VOICE' || voice.name !== name)
    if (kept.length === this.#voices.length) return problem(400, 'bad_request', 'There is no custom voice of that name.')
    this.#voices = kept
    return new Response(null, { status: 204 })
  }
}

const total = (texts: readonly string[]): number => texts.reduce((ms, text) => ms + spokenMs(text), 0)

function voicingOf(body: Fields): Voicing {
  const types = body['include_timestamp_types']
  return {
    format: formatOf(isFields(body['format']) ? body['format']['type'] : undefined),
    timestamps: Array.isArray(types) ? types.map(String) : [],
    stripHeaders: body['strip_headers'] === true,
    instant: body['instant_mode'] === true,
  }
}
