export type Fields = Readonly<Record<string, unknown>>

/** The request's JSON object; an empty body is an empty object, anything else is null. */
export async function fieldsOf(request: Request): Promise<Fields | null> {
  try {
    const text = await request.text()
    const body: unknown = text === '' ? {} : JSON.parse(text)
    return isFields(body) ? body : null
  } catch {
    return null
  }
}

/** Whether it is a JSON object (and not an array or null). */
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text with something in it. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const areTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)

/** A field that is a text with something in it. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return isText(value) ? value : undefined
}
