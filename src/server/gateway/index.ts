export { createGateway } from './gateway.ts'
export type { Gateway, GatewayOptions } from './gateway.ts'
export type { Sender } from './connection.ts'
export type { Accepted, Conversation, Handshake, Peer, World } from './front.ts'
export type { Limits } from './limits.ts'

export type { LeaseKey } from '../lease/lease.ts'
export type { LeaseMintOptions, LeaseUser } from '../lease/lease-mint.ts'

export { memoryStore } from '../store/memory.ts'
export type { MemoryStoreOptions } from '../store/memory.ts'
export { redisStore } from '../store/redis.ts'
export type { RedisStoreOptions } from '../store/redis.ts'
export { StoreError } from '../store/store-error.ts'
export type { OnStoreError, StoreErrorCode } from '../store/store-error.ts'
export type { Entry, Follower, Limit, Page, Position, Store } from '../store/store.ts'

export { huechatWebhooks } from '../webhooks/huechat.ts'
export type { HueChatWebhook, HueChatWebhooksOptions } from '../webhooks/huechat.ts'
export type { Told, WebhookRefusal, WebhookSource } from '../webhooks/webhook.ts'

export { attachGateway } from './node.ts'
export type { AttachedGateway, AttachOptions } from './node.ts'
