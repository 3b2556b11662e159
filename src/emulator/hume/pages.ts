import { json, problem } from './replies.ts'

const defaultSize = 10
const largestSize = 100

/**
 * One page of a list, in the fields the official SDK reads: `page_number` from 0, `page_size` (1 to 100, default 10),
 * `total_pages`, `pagination_direction` and the items under `name`. Newest first unless `ascending_order=true`. `items` come
 * oldest first. A page number or size that is no number in range is a 400.
 */
export function page<Item>(url: URL, name: string, items: readonly Item[], show: (item: Item) => unknown, around: object = {}): Response {
  const number = whole(url, 'page_number', 0)
  const size = whole(url, 'page_size', defaultSize)
  if (number === null || size === null || size < 1 || size > largestSize) {
    return problem(400, 'bad_request', `page_number counts from 0 and page_size lies between 1 and ${largestSize}.`)
  }
  const ascending = url.searchParams.get('ascending_order') === 'true'
  const ordered = ascending ? items : [...items].reverse()
  return json({
    ...around,
    page_number: number,
    page_size: size,
    total_pages: Math.ceil(items.length / size),
    pagination_direction: ascending ? 'ASC' : 'DESC',
    [name]: ordered.slice(number * size, (number + 1) * size).map(show),
  })
}

function whole(url: URL, name: string, fallback: number): number | null {
  const text = url.searchParams.get(name)
  if (text === null) return fallback
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}
