import type { World } from '../provider.ts'
import type { Environment } from './keys.ts'
import type { PlanOption } from './limits.ts'
import type { ChannelType } from './records.ts'

/** How an emulated HueChat behaves. */
export interface HuechatOptions {
  /** Clock and chance. Default: the machine's own. */
  readonly world?: World
  /** Which of the two hosts this is. Default: `live`. */
  readonly environment?: Environment
  /** The first key, with full access. Default: a random one with the environment's prefix. */
  readonly key?: string
  /** Default: `pro`. */
  readonly plan?: PlanOption
  /** Default: `org_12345`. */
  readonly organizationId?: string
  /** The channels connected at first; the plan limits only what is connected later. Default: all four. */
  readonly channels?: readonly ChannelType[]
  /**
   * Which pages errors follow where they differ. `key pages`: the bare bodies of the authentication pages. `reference`: the
   * error reference of today, with `request_id` and `timestamp` in every error and the scope in the text of a 403. Both
   * carry `details` in a 403. Default: `key pages`.
   */
  readonly errors?: 'key pages' | 'reference'
  /** Refuses plain HTTP with 426. Documented, but in the way on the own machine. Default: false. */
  readonly requireHttps?: boolean
  /** Holds to WhatsApp's rule that only a template may begin a conversation. The quickstart does not. Default: false. */
  readonly whatsappWindow?: boolean
  /** Ms from `message.sent` to `message.delivered` (ours). Default: 1000. */
  readonly deliveryMs?: number
  /** Carries webhook requests. Default: the global `fetch`. */
  readonly deliver?: (request: Request) => Promise<Response>
  /** How long a receiver may take, in ms (ours). Default: 10 000. */
  readonly webhookDeadlineMs?: number
  /** The wait before the first retry, in ms (ours). Default: 5000. */
  readonly webhookRetryMs?: number
  /** Retries after the first attempt (ours). Default: 5. */
  readonly webhookRetries?: number
}
