export interface RedisServer {
  readonly port: number
  readonly folder: string
  kill(): Promise<void>
  restart(options?: readonly string[]): Promise<void>
  pause(): void
  resume(): void
  stop(): Promise<void>
}
export const noRedis: string
export function findRedis(): string | undefined
export function startRedis(options?: readonly string[]): Promise<RedisServer>
