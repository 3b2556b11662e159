/** The script tag's entry: everything a page needs, presets and their schemas included, on one global, `Heartwire`. */
export * from './index.ts'
export { bitHuman, bitHumanEmbed, embedAllow, embedUrl } from './presets/bithuman.ts'
export { humeEvi, humeTts } from './presets/hume.ts'
export { humeEviSchemas, humeTtsSchemas } from './presets/hume.schemas.ts'
