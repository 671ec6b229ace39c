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
  /** To be told what there is after each change that was made; drops the oldest, if that is too much. Nobody waits for it. */
  made(newest: string, changes: number, bytes: number): void;
  /** Takes a change back whose lease `holder` holds, however few there are. */
  takeBack(id: string, holder: string): Promise<void>;
}

export function redisPruning(
  run: RunScript,
  oldest: (count: number) => Promise<unknown>,
  limits: RedisJournalLimits,
): RedisPruning {
  let isPruning = false;
  let hasLooked = false;

  const drop = (id: string, changes: number, bytes: number, holder: string): Promise<unknown> =>
    run(DROP, [INDEX, SIZES, BYTES, linesOf(id), leaseOf(id)], [id, changes, bytes, holder]);

  /** In steps, whoever else does the same; until there is no need to. */
  async function prune(newest: string): Promise<void> {
    for (let isUseful = true; isUseful; ) {
      isUseful = false;
      for (const id of texts.parse(await oldest(IDS_PER_PAGE))) {
        const outcome = id === newest ? 0 : await drop(id, limits.changes, limits.bytes, '');
        if (outcome === 0) return;
        if (outcome === 1) isUseful = true;
      }
    }
  }

  return {
    made(newest, changes, bytes) {
      const isTooMuch = changes > limits.changes + Math.floor(limits.changes / SLACK) || bytes > limits.bytes;
      // What has expired stays in the index until somebody looks.
      if ((hasLooked && !isTooMuch) || isPruning) return;
      hasLooked = true;
      isPruning = true;
      prune(newest)
        .catch(() => undefined)
        .finally(() => {
          isPruning = false;
        });
    },
    async takeBack(id, holder) {
      await drop(id, -1, -1, holder);
    },
  };
}
