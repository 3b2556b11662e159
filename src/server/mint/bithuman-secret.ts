import { fromEnvironment } from './long-lived-key.ts'

const name = 'BITHUMAN_API_SECRET'
const otherName = 'BITHUMAN_API_KEY'

/**
 * Reads the account's secret from the environment, anew at each call. bitHuman has two names for the one value:
 * `BITHUMAN_API_SECRET` and, in its Swift SDK and older ones, `BITHUMAN_API_KEY`. A name that is set to nothing counts as
 * not set. Where the two differ the first counts, and `warn` hears of it once: one of them was forgotten at a rotation.
 */
export function secretFromEnvironment(warn: (message: string) => void = toProcess): () => string | undefined {
  let warned = false
  return () => {
    const secret = valueOf(name)
    const other = valueOf(otherName)
    if (secret !== undefined && other !== undefined && secret !== other && !warned) {
      warned = true
      try {
        warn(`${name} and ${otherName} are both set and differ; ${name} is used. They are two names for one secret: unset ${otherName}.`)
      } catch {
        // A log that fails must not cost the page its token.
      }
    }
    return secret ?? other
  }
}

const valueOf = (name: string): string | undefined => fromEnvironment(name)?.trim() || undefined

/** Node's own way for warnings: stderr, or wherever the operator's `process.on('warning')` sends them. */
function toProcess(message: string): void {
  const { process } = globalThis as { process?: { emitWarning?: (message: string, type: string) => void } }
  process?.emitWarning?.(`heartwire: ${message}`, 'HeartwireWarning')
}
