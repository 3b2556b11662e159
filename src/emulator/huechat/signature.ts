/**
 * The header that signs a delivery, and its form, are ours: HueChat documents the `signing_secret` and that it verifies
 * signatures, and neither header nor algorithm.
 */
export const signatureHeader = 'X-HueChat-Signature'

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with the whole `whsec_…` text as the key. */
export async function signatureOf(secret: string, body: string, nowMs: number): Promise<string> {
  const seconds = Math.floor(nowMs / 1000)
  const text = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', text.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(`${seconds}.${body}`)))
  return `t=${seconds},v1=${Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
