/** Whether two plain values are alike all the way down; what they share is looked at once. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  let fields = 0
  for (const key in one) {
    if (!(key in other) || !same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key])) return false
    fields++
  }
  for (const _ in other) fields--
  return fields === 0
}
