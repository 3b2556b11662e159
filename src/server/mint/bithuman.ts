import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import { lifeLeft, lifetimeOf, malformed, tokenText } from './answer-fields.ts'
import { bithumanApi } from './bithuman-api.ts'
import type { BithumanAccountOptions } from './bithuman-api.ts'
import { flights } from './flights.ts'
import { sha256Hex } from './long-lived-key.ts'
import type { Mint, MintAnswer, MintAsk, User } from './mint.ts'

/** A text, or a function of who asks; never taken from the page by itself. */
export type PerAsk<U extends User> = string | ((ask: MintAsk<U>) => string | Promise<string>)

export interface BithumanMintOptions<U extends User = User> extends BithumanAccountOptions {
  /** The agent that the session is counted under. */
  readonly agentCode?: PerAsk<U>
  /** 32 hex digits, for bitHuman's analytics only. Default: none is sent. */
  readonly fingerprint?: PerAsk<U>
}

const text = z.string().check(z.minLength(1), z.maxLength(512))
const runtimeAnswer = z.object({ data: z.object({ token: tokenText, transaction_id: z.optional(text) }) })
/** bitHuman's are UUIDs, its SDK's own are words. They become part of a path, where `..` would climb. */
const isTransaction = (handle: string | undefined): handle is string => handle !== undefined && /^[\w-]{1,128}$/.test(handle)
type RuntimeGrant = MintAnswer & { readonly expires_in: number }
/** Seconds; the documented life of a runtime token, for one that does not say. */
const runtimeLifetime = 300

/**
 * Mints bitHuman runtime tokens: `POST /v1/runtime-tokens/request` with the account's secret. A token belongs to one session
 * and lives about five minutes; asking again with the transaction as handle is the heartbeat, not a new billed session.
 *
 * Source: repo bithuman-product/public-docs (openapi, api/authentication.md), bithuman's Python SDK token_utils.py.
 */
export function bithumanMint<U extends User = User>(options: BithumanMintOptions<U> = {}): Mint<U> {
  const { agentCode, fingerprint } = options
  const api = bithumanApi(options)
  const beats = flights<RuntimeGrant>(options.guard?.now)

  const mint = async (ask: MintAsk<U>): Promise<MintAnswer> => {
    const key = await api.key()
    // A handle that is no transaction begins a new one: a page may still hold one of another provider.
    const transaction = isTransaction(ask.handle) ? ask.handle : undefined
    const request = {
      ...(transaction !== undefined && { transaction_id: transaction }),
      ...(agentCode !== undefined && { agent_code: await perAsk(agentCode, ask) }),
      ...(fingerprint !== undefined && { fingerprint: await perAsk(fingerprint, ask) }),
    }
    const call = async (signal: AbortSignal): Promise<RuntimeGrant> => {
      const { json } = await api.post(key, '/v1/runtime-tokens/request', request, signal)
      const { success, data } = runtimeAnswer.safeParse(json)
      if (!success) throw malformed('no runtime token')
      const { token, transaction_id = transaction } = data.data
      return {
        access_token: token,
        expires_in: lifetimeOf(token, runtimeLifetime),
        ...(transaction_id !== undefined && { handle: transaction_id }),
      }
    }
    // Without a transaction two askers may be two avatars, which must not share a token.
    if (transaction === undefined) return call(ask.signal)
    const { value, ageMs } = await beats.join(JSON.stringify([key.id, ask.user?.id, request]), call, ask.signal)
    return { ...value, expires_in: lifeLeft(value.expires_in, ageMs) }
  }
  return Object.assign(mint, {
    async release(handle: string, { signal }: Omit<MintAsk<U>, 'handle'>): Promise<void> {
      if (!isTransaction(handle)) throw new MintError('bad_request', { message: 'a handle that bitHuman never gave' })
      try {
        await api.post(await api.key(), `/v1/runtime-sessions/${handle}/end`, {}, signal)
      } catch (error) {
        // 404: it has ended by itself, which is all that was wanted.
        if (!(error instanceof MintError && error.upstreamStatus === 404)) throw error
      }
    },
  })
}

export interface BithumanEmbedMintOptions<U extends User = User> extends BithumanAccountOptions {
  /** The agent that is embedded. */
  readonly agent: PerAsk<U>
  /** Default: the agent's own model. */
  readonly model?: string
  /** A stable hex id of the visitor. Default: 32 digits of SHA-256 over agent and user id; without a user, a new visitor at each mint. */
  readonly fingerprint?: PerAsk<U>
}

const embedAnswer = z.object({ data: z.object({ token: tokenText, sid: z.optional(text) }) })
/** Seconds; the documented life of an embed token. */
const embedLifetime = 3600

/** Mints bitHuman embed tokens for the iframe: `POST /v1/embed-tokens/request`. The handle is the `sid`. Source: api/embedding.md. */
export function bithumanEmbedMint<U extends User = User>(options: BithumanEmbedMintOptions<U>): Mint<U> {
  const { agent, model, fingerprint } = options
  if (agent === undefined || agent === '') throw new TypeError('agent: bitHuman embeds one agent; name it')
  const api = bithumanApi(options)
  return async (ask) => {
    const key = await api.key()
    const agentId = await perAsk(agent, ask)
    const visitor = fingerprint === undefined ? await visitorOf(agentId, ask.user) : await perAsk(fingerprint, ask)
    const request = { agent_id: agentId, fingerprint: visitor, ...(model !== undefined && { model }) }
    const { json } = await api.post(key, '/v1/embed-tokens/request', request, ask.signal)
    const { success, data } = embedAnswer.safeParse(json)
    if (!success) throw malformed('no embed token')
    const { token, sid } = data.data
    return { access_token: token, expires_in: lifetimeOf(token, embedLifetime), ...(sid !== undefined && { handle: sid }) }
  }
}

/** The agent's name is mixed in, so that two agents cannot tell that they have the same visitor. */
const visitorOf = async (agent: string, user: User | undefined): Promise<string> =>
  user === undefined
    ? crypto.randomUUID().replaceAll('-', '')
    : (await sha256Hex(JSON.stringify(['bithuman-embed', agent, user.id]))).slice(0, 32)

const perAsk = async <U extends User>(value: PerAsk<U>, ask: MintAsk<U>): Promise<string> =>
  typeof value === 'string' ? value : value(ask)
