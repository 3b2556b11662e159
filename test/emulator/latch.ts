export interface Latch {
  readonly opened: Promise<void>
  open(): void
}

/** A promise that somebody else resolves. (`Promise.withResolvers` is not in Node 20.) */
export function latch(): Latch {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
