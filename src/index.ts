export { createSession } from './session.ts'
export { createTokenSource } from './token-source.ts'
export { SessionError } from './errors.ts'
export { definePreset } from './presets/preset.ts'
export { fetchWith } from './fetch-with.ts'
export { messages } from './messages.ts'
export type { MessagesOptions } from './messages.ts'
export { statsOf } from './stats.ts'
export { traceOf } from './trace.ts'

export type { ConnectOptions, Session } from './session-type.ts'
export type { TokenSourceSettings } from './token-source.ts'
export type { ErrorCode } from './errors.ts'
export type {
  MintReason,
  MintRequest,
  Notice,
  PlainSessionOptions,
  PresetSessionOptions,
  Ready,
  SessionEvents,
  SessionOptions,
  Status,
  TokenCallback,
  TokenEndpointOptions,
  TokenRefusal,
  TokenResponse,
  TokenSource,
  TokenSourceOption,
} from './options.ts'
export type { Stats } from './stats.ts'
export type { Trace, TraceEntry } from './trace.ts'
export type {
  Attempt,
  BinaryMessage,
  CloseCodeRange,
  ContinuityTraits,
  Control,
  HeartbeatTraits,
  LivenessTraits,
  MessageSchemas,
  MessageTraits,
  Placement,
  Preset,
  Received,
  TokenTraits,
} from './presets/preset.ts'
export type { Host, PageFact, SocketLike } from './io/host.ts'
