import { type Fields, isFields, parsed, textOf } from './replies.ts'

/** A tool that the emulated language model decides to use. */
export interface ToolCall {
  readonly name: string
  readonly toolType: 'builtin' | 'function'
  /** Stringified JSON. */
  readonly parameters: string
  readonly fallback?: string
}

/**
 * The tool to use for these words, if any: a function of the session whose name is said (“use get_weather”, “get weather”),
 * `web_search` for words with “search” in them, `hang_up` for a goodbye.
 */
export function toolFor(text: string, settings: Fields): ToolCall | undefined {
  const said = text.toLowerCase()
  for (const tool of list(settings['tools'])) {
    const name = textOf(tool['name'])
    const isSaid = said.includes(name.toLowerCase()) || said.includes(name.toLowerCase().replaceAll('_', ' '))
    if (name === '' || !isSaid) continue
    return { name, toolType: 'function', parameters: argumentsFor(textOf(tool['parameters']), text), ...fallbackOf(tool) }
  }
  for (const tool of list(settings['builtin_tools'])) {
    if (tool['name'] === 'web_search' && /\bsearch\b/.test(said)) {
      return { name: 'web_search', toolType: 'builtin', parameters: JSON.stringify({ query: text }), ...fallbackOf(tool) }
    }
    if (tool['name'] === 'hang_up' && /\b(bye|goodbye|hang up)\b/.test(said)) {
      return { name: 'hang_up', toolType: 'builtin', parameters: '{}', ...fallbackOf(tool) }
    }
  }
  return undefined
}

const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

function fallbackOf(tool: Fields): { fallback: string } | undefined {
  return typeof tool['fallback_content'] === 'string' ? { fallback: tool['fallback_content'] } : undefined
}

/** Fills what the tool's JSON schema requires: text with the user's words, numbers with 1, yes or no with yes. */
function argumentsFor(schema: string, text: string): string {
  const parameters = parsed(schema)
  const properties = isFields(parameters) && isFields(parameters['properties']) ? parameters['properties'] : {}
  const names = isFields(parameters) && Array.isArray(parameters['required']) ? parameters['required'].map(String) : []
  const filled = names.map((name): [string, unknown] => {
    const property = properties[name]
    const type = isFields(property) ? property['type'] : 'string'
    if (isFields(property) && Array.isArray(property['enum'])) return [name, property['enum'][0]]
    return [name, type === 'number' || type === 'integer' ? 1 : type === 'boolean' ? true : text]
  })
  return JSON.stringify(Object.fromEntries(filled))
}
