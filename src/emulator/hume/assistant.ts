import { answerTo } from './answers.ts'
import { sentenceFrames } from './frames.ts'
import type { Fields } from './replies.ts'
import type { Settings } from './settings.ts'
import { type Errand, Speech } from './speech.ts'
import { ToolCalls } from './tool-calls.ts'
import { toolFor } from './tools.ts'

/** What the assistant needs from its chat. */
export interface Company {
  readonly id: () => string
  readonly send: (frame: Fields) => void
  readonly note: (role: 'AGENT' | 'SYSTEM' | 'TOOL', type: string, text?: string) => void
  /** The session settings in force. */
  readonly settings: () => Fields
  /** What the user said last before this chat, if it was resumed. */
  readonly wordsBefore: () => string | undefined
  readonly hangUp: () => void
}

/** The other side of a chat: answers, uses tools, says lines it was given, and holds its tongue while paused. */
export class Assistant {
  readonly #company: Company
  readonly #prosody: boolean
  readonly #speech: Speech
  readonly #tools: ToolCalls
  #turn = 0
  #paused = false
  /** Lines to say, and the last question to answer, once it is resumed. */
  #heldLines: string[] = []
  #heldQuestion: string | undefined

  constructor({ world, paceMs, prosody }: Settings, company: Company) {
    this.#company = company
    this.#prosody = prosody
    this.#speech = new Speech(world, paceMs)
    this.#tools = new ToolCalls({
      id: company.id,
      send: company.send,
      note: (type, text) => company.note('TOOL', type, text),
      say: (line) => this.line(line, false),
      hangUp: () => this.#say(['Goodbye, and take care.'], goodbye, false, company.hangUp),
    })
  }

  /** Cuts short what is being said; true if something was. */
  interrupt(): boolean {
    this.#tools.forget()
    return this.#speech.stop() !== undefined
  }

  /** Answers these words, now or once it is resumed. */
  answer(words: string): void {
    if (this.#paused) {
      this.#heldQuestion = words
      return
    }
    const call = toolFor(words, this.#company.settings())
    if (call) return this.#tools.begin(call)
    const earlier = this.#turn === 0 ? this.#company.wordsBefore() : undefined
    const moment = { text: words, turn: this.#turn++, ...(earlier !== undefined && { earlier }) }
    this.#say(answerTo(moment), { is: 'answer', text: words })
  }

  /** Says this line, now or once it is resumed. */
  line(text: string, fromText: boolean): void {
    if (this.#paused) this.#heldLines.push(text)
    else this.#say([text], { is: 'line', text }, fromText)
  }

  /** Takes a `tool_response` or `tool_error`; false if no call of that id waits. */
  finishTool(frame: Fields): boolean {
    return this.#tools.finish(frame)
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#company.note('SYSTEM', 'PAUSE_ONSET')
    const cut = this.#speech.stop()
    if (cut?.is === 'answer') this.#heldQuestion = cut.text
    if (cut?.is === 'line') this.#heldLines.unshift(cut.text)
  }

  /** Only the last thing the user said is answered; what was said before it stays in the history. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#company.note('SYSTEM', 'RESUME_ONSET')
    const [lines, question] = [this.#heldLines, this.#heldQuestion]
    this.#heldLines = []
    this.#heldQuestion = undefined
    const answer = () => (question === undefined ? undefined : this.answer(question))
    if (lines.length > 0) this.#say(lines, { is: 'line', text: lines.join(' ') }, true, answer)
    else answer()
  }

  #say(sentences: readonly string[], errand: Errand, fromText = false, after: () => void = () => {}): void {
    const { id, send, note } = this.#company
    const steps = sentences.flatMap((content) =>
      sentenceFrames(content, { id: id(), fromText, prosody: this.#prosody }).map((frame) => () => {
        if (frame['type'] === 'assistant_message') note('AGENT', 'AGENT_MESSAGE', content)
        send(frame)
      }),
    )
    this.#speech.play(errand, [...steps, () => send({ type: 'assistant_end' })], after)
  }
}

const goodbye: Errand = { is: 'line', text: 'Goodbye, and take care.' }
