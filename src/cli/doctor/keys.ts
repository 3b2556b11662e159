import { within } from '../../server/deadline.ts'
import type { Discretion } from '../discretion.ts'
import { isLoopback } from '../loopback.ts'
import type { Terminal } from '../terminal.ts'
import { failureOf } from './failure.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'

/** A long-lived key of the environment. */
export interface Key {
  readonly name: string
  readonly value: string
}

const names = ['HUME_API_KEY', 'HUME_SECRET_KEY', 'BITHUMAN_API_SECRET', 'BITHUMAN_API_KEY', 'AGENTHUMAN_API_KEY', 'HUECHAT_API_KEY']

/** Keys of the environment, which from now on are never shown. A value of a few characters is a placeholder. */
export function keysIn(env: Terminal['env'], discretion: Discretion): readonly Key[] {
  const keys = names.map((name) => ({ name, value: env[name]?.trim() ?? '' })).filter(({ value }) => value.length >= 8)
  for (const { value } of keys) discretion.keep(value)
  return keys
}

/** What long-lived keys look like: HueChat's `sk_`, AgentHuman's `ah_`, and the secrets that webhooks are signed with. */
export const keyShapes: readonly (readonly [shape: RegExp, words: string])[] = [
  [/\b(?:sk|ah)_live_[A-Za-z0-9]{8,}/, 'a live key (by its shape)'],
  [/\b(?:sk|ah)_test_[A-Za-z0-9]{8,}/, 'a test key (by its shape)'],
  [/\bwhsec_[A-Za-z0-9+/=]{16,}/, 'a webhook secret (by its shape)'],
]

/** Which long-lived key stands in a text, in words that do not show it. */
export function holdsKey(text: string, keys: readonly Key[]): string | undefined {
  const named = keys.find(({ value }) => text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1)))
  return named ? `the value of ${named.name}` : keyShapes.find(([shape]) => shape.test(text))?.[1]
}

/** The environment by itself. `local`: the endpoint is on this machine. */
export function environment(keys: readonly Key[], local: boolean): readonly Finding[] {
  const live = local ? keys.filter(({ value }) => /^(sk|ah)_live_/.test(value)) : []
  const [one, other] = ['BITHUMAN_API_SECRET', 'BITHUMAN_API_KEY'].map((name) => keys.find((key) => key.name === name)?.value)
  return [
    ...live.map(({ name }) => warning('live-key', `${name} is a live key, and the endpoint is on this machine`)),
    ...(one !== undefined && other !== undefined && one !== other
      ? [warning('two-names', 'BITHUMAN_API_SECRET and BITHUMAN_API_KEY are set to different values')]
      : []),
  ]
}

const bithumanHost = 'https://api.bithuman.ai'

/**
 * Asks bitHuman whether it takes the secret: its `POST /v1/validate` answers 200 `{ valid }` and costs nothing. The others
 * have no such call. `BITHUMAN_URL` may name an emulator on this machine; a key goes nowhere else.
 */
export async function askProviders(keys: readonly Key[], { env, fetch }: Terminal, deadlineMs: number): Promise<readonly Finding[]> {
  const key = keys.find(({ name }) => name === 'BITHUMAN_API_SECRET') ?? keys.find(({ name }) => name === 'BITHUMAN_API_KEY')
  if (!key) return []
  try {
    const init = { method: 'POST', headers: { 'api-secret': key.value }, redirect: 'error' } as const
    const valid = await within(deadlineMs, undefined, async (signal) => {
      const response = await fetch(`${hostFrom(env['BITHUMAN_URL'])}/v1/validate`, { ...init, signal })
      return response.ok ? ((await response.json()) as { valid?: unknown }).valid : response.status
    })
    if (valid === true) return [ok('provider-key', `${key.name} is valid`)]
    if (valid === false) return [problem('provider-key', `bitHuman says that ${key.name} is not valid`)]
    return [warning('provider-key', `bitHuman could not say whether ${key.name} is valid${typeof valid === 'number' ? ` (${valid})` : ''}`)]
  } catch (error) {
    return [warning('provider-key', `bitHuman was not reached (${failureOf(error).how})`)]
  }
}

function hostFrom(text: string | undefined): string {
  return text !== undefined && URL.canParse(text) && isLoopback(new URL(text).hostname) ? new URL(text).origin : bithumanHost
}
