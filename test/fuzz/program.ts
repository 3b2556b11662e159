/** What a thread of `npm run fuzz` does. */
export { fuzz as run } from './fuzz.ts'
