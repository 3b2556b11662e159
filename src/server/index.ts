export { createTokenEndpoint } from './token-endpoint.ts'
export type { TokenEndpointOptions } from './token-endpoint.ts'
export type { Origins } from './origins.ts'
export type { RateLimit } from './rate-limit.ts'

export { humeMint } from './mint/hume.ts'
export type { HumeCredentials, HumeMintOptions } from './mint/hume.ts'
export { bithumanEmbedMint, bithumanMint } from './mint/bithuman.ts'
export type { BithumanEmbedMintOptions, BithumanMintOptions, PerAsk } from './mint/bithuman.ts'
export { bithumanRealtimeMint } from './mint/bithuman-realtime.ts'
export type { BithumanRealtimeMintOptions } from './mint/bithuman-realtime.ts'
export type { BithumanAccountOptions } from './mint/bithuman-api.ts'

export { agenthumanMint, agenthumanUserMint } from './mint/agenthuman.ts'
export type { AgenthumanMintOptions, AgenthumanUserMintOptions } from './mint/agenthuman.ts'
export type { AgenthumanAccountOptions, AgenthumanKeyOptions } from './mint/agenthuman-api.ts'

export { createForwarder } from './forward/forwarder.ts'
export type { ForwarderOptions } from './forward/forwarder.ts'
export { agenthuman } from './forward/agenthuman.ts'
export type { AgenthumanForwardOptions } from './forward/agenthuman.ts'
export { bithuman } from './forward/bithuman.ts'
export type { BithumanForwardOptions } from './forward/bithuman.ts'
export { huechat } from './forward/huechat.ts'
export type { HuechatOptions, HuechatScope } from './forward/huechat.ts'

// For a provider of your own.
export type { Caller, Credential, ForwardCode, Refusal, Route, Upstream } from './forward/upstream.ts'
export type { Budget } from './forward/shares.ts'

// For a mint of your own.
export { MintError } from './mint-error.ts'
export type { MintErrorOptions, RefusalCode } from './mint-error.ts'
export type { Mint, MintAnswer, MintAsk, TokenAsk, User } from './mint/mint.ts'
export type { KeyGuardOptions } from './mint/key-guard.ts'
export type { UpstreamFetch, UpstreamOptions } from './mint/upstream.ts'
