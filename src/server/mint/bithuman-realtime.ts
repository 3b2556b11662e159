import * as z from 'zod/mini'
import { lifeLeft, malformed, tokenText } from './answer-fields.ts'
import { bithumanApi } from './bithuman-api.ts'
import type { BithumanAccountOptions } from './bithuman-api.ts'
import type { Mint } from './mint.ts'

export interface BithumanRealtimeMintOptions extends BithumanAccountOptions {
  /** A model of OpenAI's Realtime API. Default: bitHuman chooses (`gpt-realtime-mini`). */
  readonly model?: string
}

const realtimeAnswer = z.object({ data: z.object({ value: tokenText, expires_at: z.number() }) })

/**
 * Mints client secrets (`ek_…`) for OpenAI's Realtime socket, billed to the bitHuman account:
 * `POST /v1/realtime/ephemeral-token`, at most 20 a minute and account. Each session wants its own, so nothing is shared.
 *
 * **bitHuman retired this endpoint on 27 September 2026**: it answers 410 `ENDPOINT_RETIRED`, which is `forbidden` here. Its
 * relay, `wss://api.bithuman.ai/v1/realtime`, takes the API secret in a header only, so a backend has to open it. This mint
 * stands for servers that still speak the protocol, such as the emulator. How a page uses its secrets: docs/presets.md.
 *
 * Source: repo bithuman-product/public-docs, api/realtime.md (until September 2026, and since) and its changelog.
 */
export function bithumanRealtimeMint(options: BithumanRealtimeMintOptions = {}): Mint {
  const { model } = options
  const api = bithumanApi(options)
  const request = { ...(model !== undefined && { model }) }
  return async ({ signal }) => {
    const { json, at } = await api.post(await api.key(), '/v1/realtime/ephemeral-token', request, signal)
    const { success, data } = realtimeAnswer.safeParse(json)
    if (!success) throw malformed('no client secret')
    const { value, expires_at } = data.data
    return { access_token: value, expires_in: lifeLeft(expires_at - at / 1000, 0) }
  }
}
