export const everyCore: string
/** What the program answers is not known here: who asks says what it is. */
export function onThreads<Job extends readonly unknown[]>(
  program: string,
  threads: number,
  jobs: readonly Job[],
  done: (answer: never, job: Job) => boolean | void,
  memoryMb?: number,
): Promise<void>
