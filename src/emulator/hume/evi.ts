import type { Conversation, Peer } from '../provider.ts'
import { Assistant } from './assistant.ts'
import type { ChatEvent, Chats, ChatStatus, OpenRecord } from './chats.ts'
import { badStructure, type Complaint, readFrame, settingsFrom, userMessage } from './frames.ts'
import { Limits } from './limits.ts'
import { type Fields, textOf } from './replies.ts'
import { scoresOf, spokenMs } from './samples.ts'
import type { Settings } from './settings.ts'

/** What all chats share. */
export interface Stage {
  readonly settings: Settings
  readonly chats: Chats
  /** Chats whose socket is open, by `chat_id`. */
  readonly live: Map<string, Chat>
  /** A fault: sockets open and nothing is said first. */
  withheld: boolean
}

/** One `/v0/evi/chat` conversation. */
export class Chat implements Conversation {
  readonly record: OpenRecord
  readonly #stage: Stage
  readonly #peer: Peer
  /** Sockets of the control plane: they see every frame that the client sees. */
  readonly #observers = new Set<Peer>()
  readonly #assistant: Assistant
  readonly #limits: Limits
  readonly #settings: Record<string, unknown>

  constructor(peer: Peer, stage: Stage, record: OpenRecord) {
    const { settings, chats } = stage
    this.#peer = peer
    this.#stage = stage
    this.record = record
    this.#settings = settingsFrom(record.query)
    this.#assistant = new Assistant(settings, {
      id: () => chats.id(),
      send: (frame) => this.send(frame),
      note: (role, type, text) => this.#note(role, type, text),
      settings: () => this.#settings,
      wordsBefore: () => chats.wordsBefore(record),
      hangUp: () => this.#end('USER_ENDED', 1000, 'hang_up'),
    })
    this.#limits = new Limits(settings, {
      say: (text) => this.#assistant.line(text, false),
      end: (status) => this.#end(status, settings.timeoutCloseCode, status.toLowerCase()),
    })
    stage.live.set(record.chat_id, this)
    if (!stage.withheld) this.send(this.#metadata())
  }

  message(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data !== 'string') return this.#listen(data.length)
    const read = readFrame(data)
    if ('frame' in read) this.publish(read.frame)
    else this.complain(read)
  }

  closed(code: number): void {
    this.#limits.stop()
    this.#assistant.interrupt()
    this.#stage.live.delete(this.record.chat_id)
    this.#stage.chats.end(this.record, code === 1000 || code === 1001 || code === 1005 ? 'USER_ENDED' : 'ERROR', code)
    for (const observer of [...this.#observers]) observer.close(1000, 'chat ended')
  }

  /** A control-plane socket joins; returns how it leaves. */
  observe(peer: Peer): () => void {
    this.#observers.add(peer)
    peer.send(JSON.stringify(this.#metadata()))
    return () => this.#observers.delete(peer)
  }

  /** Acts on a well-formed frame, whoever sent it. */
  publish(frame: Fields): void {
    const { type } = frame
    this.record.messages.push(type === 'audio_input' ? { ...frame, data: '' } : frame)
    if (type === 'session_settings') this.#set(frame)
    else if (type === 'pause_assistant_message') this.#assistant.pause()
    else if (type === 'resume_assistant_message') this.#assistant.resume()
    else if (type === 'audio_input') this.#listen(bytesIn(textOf(frame['data'])))
    else if (type === 'user_input') this.#hear(textOf(frame['text']), true)
    else {
      this.#limits.active()
      if (type === 'assistant_input') this.#assistant.line(textOf(frame['text']), true)
      else if (!this.#assistant.finishTool(frame)) this.complain(badStructure('No tool call of that tool_call_id waits.'))
    }
  }

  /** The user says this aloud: interim transcripts with `verbose_transcription`, then the final one with prosody, then the answer. */
  hear(words: string): void {
    if (this.record.query['verbose_transcription'] === 'true') {
      this.#transcribe(words.slice(0, Math.ceil(words.length / 2)), { from_text: false, interim: true })
    }
    this.#hear(words, false)
  }

  /** To the client and to whoever joined through the control plane. */
  send(frame: Fields): void {
    const id = this.#settings['custom_session_id']
    const text = JSON.stringify(id === undefined ? frame : { ...frame, custom_session_id: id })
    this.sendText(text)
    for (const observer of this.#observers) observer.send(text)
  }

  /** Sends a text as it is, to the client only. */
  sendText(text: string): void {
    this.#peer.send(text)
  }

  complain(complaint: Complaint): void {
    this.send({ type: 'error', ...complaint, request_id: this.#stage.chats.id() })
  }

  #listen(bytes: number): void {
    this.record.audioBytes += bytes
    this.#limits.active()
  }

  #hear(words: string, fromText: boolean): void {
    this.#limits.active()
    if (this.#assistant.interrupt()) {
      this.#note('SYSTEM', 'USER_INTERRUPTION')
      this.send({ type: 'user_interruption', time: this.#stage.settings.world.now() })
    }
    this.#transcribe(words, { from_text: fromText, interim: false })
    this.#assistant.answer(words)
  }

  #transcribe(content: string, kind: { from_text: boolean; interim: boolean }): void {
    const scores = kind.from_text ? undefined : scoresOf(content)
    if (!kind.interim) this.#note('USER', 'USER_MESSAGE', content, scores)
    const end = this.#stage.settings.world.now() - this.record.startedAt
    const begin = Math.max(0, end - (kind.from_text ? 0 : spokenMs(content)))
    this.send(userMessage(content, { ...kind, time: { begin, end }, ...(scores && { scores }) }))
  }

  #set(frame: Fields): void {
    Object.assign(this.#settings, frame)
    this.#note('SYSTEM', 'SESSION_SETTINGS')
    // The settings come back, but not a key that was among them.
    const { language_model_api_key: _key, ...shown } = frame
    this.send(shown)
  }

  #end(status: ChatStatus, code: number, reason: string): void {
    this.#stage.chats.end(this.record, status, code)
    this.#peer.close(code, reason)
  }

  #metadata(): Fields {
    const { chat_id, chat_group_id } = this.record
    return { type: 'chat_metadata', chat_group_id, chat_id, request_id: this.#stage.chats.id() }
  }

  #note(role: ChatEvent['role'], type: string, text?: string, scores?: Record<string, number>): void {
    this.#stage.chats.note(this.record, role, type, {
      ...(text !== undefined && { message_text: text }),
      ...(scores && { emotion_features: JSON.stringify(scores) }),
    })
  }
}

/** How many bytes this base64 stands for. */
const bytesIn = (base64: string): number => Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
