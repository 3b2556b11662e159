/** The script tag's entry: everything a page needs, presets and their schemas included, on one global, `Heartwire`. */
export * from './index.ts'
export { agentHuman, agentHumanUser } from './presets/agenthuman.ts'
export { bitHuman, bitHumanEmbed, bitHumanLiveKit, embedAllow, embedUrl } from './presets/bithuman.ts'
export { gateway, readForwarded } from './presets/gateway.ts'
export { hueChat } from './presets/huechat.ts'
export { hueChatSchemas } from './presets/huechat.schemas.ts'
export { humeEvi, humeExpressionMeasurement, humeTts } from './presets/hume.ts'
export { humeEviSchemas, humeTtsSchemas } from './presets/hume.schemas.ts'
