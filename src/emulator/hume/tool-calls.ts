import { type Fields, textOf } from './replies.ts'
import type { ToolCall } from './tools.ts'

export interface ToolCallsHandlers {
  readonly id: () => string
  readonly send: (frame: Fields) => void
  readonly note: (type: 'FUNCTION_CALL' | 'FUNCTION_CALL_RESPONSE', text: string) => void
  readonly say: (line: string) => void
  readonly hangUp: () => void
}

/** The tool calls of one chat: functions wait for the client's answer, built-in tools answer themselves. */
export class ToolCalls {
  readonly #handlers: ToolCallsHandlers
  readonly #waiting = new Map<string, ToolCall>()

  constructor(handlers: ToolCallsHandlers) {
    this.#handlers = handlers
  }

  begin(call: ToolCall): void {
    const { id, send, note, say, hangUp } = this.#handlers
    const { name, parameters, toolType } = call
    const base = { tool_call_id: id(), tool_type: toolType }
    note('FUNCTION_CALL', parameters)
    send({ type: 'tool_call', ...base, name, parameters, response_required: toolType === 'function' })
    if (toolType === 'function') return void this.#waiting.set(base.tool_call_id, call)
    const content = name === 'hang_up' ? 'The call ends.' : 'Three pages agree, and none of them is real.'
    note('FUNCTION_CALL_RESPONSE', content)
    send({ type: 'tool_response', ...base, tool_name: name, content })
    if (name === 'hang_up') hangUp()
    else say(`I searched. ${content}`)
  }

  /** Takes a `tool_response` or `tool_error`; false if no call of that id waits. */
  finish(frame: Fields): boolean {
    const id = textOf(frame['tool_call_id'])
    const call = this.#waiting.get(id)
    if (!call) return false
    this.#waiting.delete(id)
    const failed = frame['type'] === 'tool_error'
    const content = textOf(frame['content'] ?? call.fallback ?? `I could not use ${call.name} just now.`)
    this.#handlers.note('FUNCTION_CALL_RESPONSE', failed ? textOf(frame['error']) : content)
    this.#handlers.say(failed ? content : `${call.name} says: ${content}`)
    return true
  }

  /** The user said something else: answers to these calls come too late. */
  forget(): void {
    this.#waiting.clear()
  }
}
