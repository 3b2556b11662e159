const encoder = new TextEncoder()

/** Whether `hex` is the HMAC-SHA256 of the text under one of the secrets. In constant time: WebCrypto compares. */
export async function isSignedBy(secrets: readonly string[], text: string, hex: string): Promise<boolean> {
  const signature = bytesOf(hex)
  if (signature === null) return false
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    if (await crypto.subtle.verify('HMAC', key, signature, encoder.encode(text))) return true
  }
  return false
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return null
  return Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16))
}

/** Secrets as an application gives them: one, or several while they are being rotated. An empty one signs nothing. */
export async function secretsOf(read: () => Secrets | Promise<Secrets>): Promise<readonly string[]> {
  const secrets = await read()
  return (typeof secrets === 'string' ? [secrets] : (secrets ?? [])).filter((secret) => secret !== '')
}

export type Secrets = string | readonly string[] | undefined
