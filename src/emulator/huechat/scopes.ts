/** What a key may do, as the dashboard lists it when a key is made with custom permissions. */
export const scopes = [
  'contacts:read',
  'contacts:write',
  'conversations:read',
  'conversations:write',
  'channels:read',
  'channels:write',
  'webhooks:manage',
  'admin:read',
  'admin:write',
] as const

export type Scope = (typeof scopes)[number]
