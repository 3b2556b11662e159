import type { World } from '../provider.ts'
import type { Fields } from './replies.ts'
import { uuid } from './samples.ts'

export type ChatStatus = 'ACTIVE' | 'USER_ENDED' | 'USER_TIMEOUT' | 'MAX_DURATION_TIMEOUT' | 'INACTIVITY_TIMEOUT' | 'ERROR'

/** One event of a chat as `GET /v0/evi/chats/{id}` lists it. Timestamps are epoch ms. */
export interface ChatEvent {
  readonly id: string
  readonly chat_id: string
  readonly timestamp: number
  readonly role: 'USER' | 'AGENT' | 'SYSTEM' | 'TOOL'
  readonly type: string
  readonly message_text?: string
  readonly emotion_features?: string
  readonly related_event_id?: string
}

/** One chat: what one accepted `/v0/evi/chat` handshake began. */
export interface ChatRecord {
  readonly chat_id: string
  readonly chat_group_id: string
  /** Whether it went on with an earlier group. */
  readonly resumed: boolean
  /** The handshake's query as it was sent, without the credential. */
  readonly query: Readonly<Record<string, string>>
  /** Every JSON frame from this client that was well formed, in order; sound is left out of `audio_input`. */
  readonly messages: readonly Fields[]
  /** Bytes of sound received, from binary frames and from `audio_input`. */
  readonly audioBytes: number
  readonly events: readonly ChatEvent[]
  readonly status: ChatStatus
  /** Epoch ms. */
  readonly startedAt: number
  /** Epoch ms; absent while it is active. */
  readonly endedAt?: number
  /** What closed the socket; absent while it is active. 1006 = cut. */
  readonly closeCode?: number
}

/** The record as its own conversation sees it. */
export type OpenRecord = { -readonly [Name in keyof ChatRecord]: ChatRecord[Name] } & { messages: Fields[]; events: ChatEvent[] }

/** Every chat since the emulator began, and the groups they form. */
export class Chats {
  readonly #world: World
  readonly #records: OpenRecord[] = []

  constructor(world: World) {
    this.#world = world
  }

  get all(): readonly OpenRecord[] {
    return this.#records
  }

  id(): string {
    return uuid(() => this.#world.random())
  }

  find(chatId: string): OpenRecord | undefined {
    return this.#records.find((record) => record.chat_id === chatId)
  }

  group(groupId: string): OpenRecord[] {
    return this.#records.filter((record) => record.chat_group_id === groupId)
  }

  start(query: Record<string, string>, groupId: string | undefined): OpenRecord {
    const record: OpenRecord = {
      chat_id: this.id(),
      chat_group_id: groupId ?? this.id(),
      resumed: groupId !== undefined,
      query,
      messages: [],
      audioBytes: 0,
      events: [],
      status: 'ACTIVE',
      startedAt: this.#world.now(),
    }
    this.#records.push(record)
    this.note(record, 'SYSTEM', 'CHAT_START_MESSAGE')
    return record
  }

  /** What the user said last in earlier chats of this group, within the `event_limit` of the handshake (default: 300 events). */
  wordsBefore(record: OpenRecord): string | undefined {
    const limit = Number(record.query['event_limit']) || 300
    const before = this.group(record.chat_group_id).filter((other) => other !== record)
    const events = before.flatMap((other) => other.events).slice(-limit)
    return events.filter((event) => event.type === 'USER_MESSAGE').at(-1)?.message_text
  }

  note(record: OpenRecord, role: ChatEvent['role'], type: string, more: Partial<ChatEvent> = {}): ChatEvent {
    const event = { id: this.id(), chat_id: record.chat_id, timestamp: this.#world.now(), role, type, ...more }
    record.events.push(event)
    return event
  }

  /** Ends it once; a later end changes nothing. */
  end(record: OpenRecord, status: ChatStatus, closeCode: number): void {
    if (record.status !== 'ACTIVE') return
    this.note(record, 'SYSTEM', 'CHAT_END_MESSAGE')
    Object.assign(record, { status, closeCode, endedAt: this.#world.now() })
  }
}
