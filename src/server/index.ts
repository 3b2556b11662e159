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

// For a mint of your own.
export { MintError } from './mint-error.ts'
export type { MintErrorOptions, RefusalCode } from './mint-error.ts'
export type { Mint, MintAnswer, MintAsk, TokenAsk, User } from './mint/mint.ts'
export type { KeyGuardOptions } from './mint/key-guard.ts'
export type { UpstreamFetch, UpstreamOptions } from './mint/upstream.ts'
