/**
 * Where the lines of changes and plans are kept: files (`file-store.ts`), or Redis for replicas (`redis-store.ts`). A
 * line has no newline inside. Only "not there" is told as such; whatever else goes wrong rejects, since a journal that
 * cannot be read is not an empty one.
 */
export interface JournalStore {
  /**
   * Creates a change with its first lines, all or nothing; durable when resolved. From then until `close` this process
   * holds the change's lease, which the store renews by itself.
   */
  create(id: string, lines: Iterable<string>): Promise<void>;
  /**
   * Adds lines to a change of this process. `durable`: as `create` promises it. Rejects with `LeaseLost` when the lease
   * lapsed meanwhile (a process that was stopped for long): somebody may have undone the change since.
   */
  append(id: string, lines: Iterable<string>, durable: boolean): Promise<void>;
  /** No more lines will come from this process; gives the lease back. Never rejects: the change was made by then. */
  close(id: string): Promise<void>;
  /** A change, or undefined if there is none. A torn line may be among the lines. */
  read(id: string): Promise<StoredLines | undefined>;
  /** Ids of changes, the last one written first. */
  newest(): AsyncIterable<string>;
  /** Keeps a plan for so long. Durable when resolved. */
  putPlan(id: string, lines: Iterable<string>, ttlMs: number): Promise<void>;
  /** The lines of a plan, or undefined when there is none, or not any more. */
  readPlan(id: string): Promise<AsyncIterable<string> | undefined>;
  /** True the first time a token is seen, false ever after, for at least `ttlMs`. */
  consumeOnce(token: string, ttlMs: number): Promise<boolean>;
}

export interface StoredLines {
  readonly lines: AsyncIterable<string>;
  /** Some process holds the lease: the change is still under way. */
  readonly isLeased: boolean;
}

/** The process was stopped for so long that others took the change for interrupted. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
