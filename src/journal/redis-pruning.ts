import { BYTES, INDEX, leaseOf, linesOf, SIZES } from './redis-keys.js';
import { texts } from './redis-lines.js';
import { DROP } from './redis-scripts.js';

/** How much is kept; the oldest changes go first. */
export interface RedisJournalLimits {
  readonly changes: number;
  /** Of all lines. */
  readonly bytes: number;
  readonly days: number;
}

/** There may be a twentieth more than there should: to drop many at once costs less. */
const SLACK = 20;
const IDS_PER_PAGE = 100;

/** Runs a script. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

export interface RedisPruning {
  /** To be told what there is after each change that was made; drops the oldest beside the work, if there is too much. */
  made(newest: string, changes: number, bytes: number): void;
  /** Takes a change back whose lease `holder` holds, however few there are. */
  takeBack(id: string, holder: string): Promise<void>;
  /** Resolves when nothing is being dropped. Never rejects. */
  settled(): Promise<void>;
}

export function redisPruning(
  run: RunScript,
  oldest: (count: number) => Promise<unknown>,
  limits: RedisJournalLimits,
): RedisPruning {
  let running: Promise<void> | undefined;
  let hasLooked = false;

  const drop = async (id: string, changes: number, bytes: number, holder: string): Promise<boolean> =>
    (await run(DROP, [INDEX, SIZES, BYTES, linesOf(id), leaseOf(id)], [id, changes, bytes, holder])) === 1;

  /** In steps, whoever else does the same; until one stays. */
  async function prune(newest: string): Promise<void> {
    for (;;) {
      const ids = texts.parse(await oldest(IDS_PER_PAGE));
      for (const id of ids) if (id === newest || !(await drop(id, limits.changes, limits.bytes, ''))) return;
      if (ids.length === 0) return;
    }
  }

  return {
    made(newest, changes, bytes) {
      const isTooMuch = changes > limits.changes + Math.floor(limits.changes / SLACK) || bytes > limits.bytes;
      // What has expired stays in the index until somebody looks.
      if ((hasLooked && !isTooMuch) || running !== undefined) return;
      hasLooked = true;
      running = prune(newest)
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
    },
    async takeBack(id, holder) {
      await drop(id, -1, -1, holder);
    },
    async settled() {
      await running;
    },
  };
}
