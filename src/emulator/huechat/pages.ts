import { invalid, ok } from './answers.ts'

/** One page of a list: `{ data, pagination }`. `limit` is 20 unless told, and at most 100; a greater one is cut (ours). */
export function page(query: URLSearchParams, all: readonly object[]): Response {
  const limit = wholeNumber(query.get('limit') ?? '20')
  const offset = wholeNumber(query.get('offset') ?? '0')
  if (limit === null || limit === 0) return invalid('limit', 'Must be a whole number from 1 to 100')
  if (offset === null) return invalid('offset', 'Must be a whole number')
  const size = Math.min(limit, 100)
  const pagination = { limit: size, offset, total: all.length, has_more: offset + size < all.length }
  return ok({ data: all.slice(offset, offset + size), pagination })
}

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null)
