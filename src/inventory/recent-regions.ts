import type { UnreadRegion } from './regions.js';
import type { Resource } from './resource.js';

/** The keys or secrets of one or several regions, as they were read. */
export interface Inventory {
  /** Sorted by region and id. */
  readonly resources: readonly Resource[];
  /** Those that were read. */
  readonly regionIds: readonly string[];
  readonly unread: readonly UnreadRegion[];
}

/** The last inventory that was read, for the pages that follow: reading it anew for each would cost as much again. */
export interface RecentRegions {
  remember(name: string, inventory: Inventory): void;
  /** Undefined once it is too old, or another one was read. */
  recall(name: string): Inventory | undefined;
}

/** Older than this, a page would show what is no longer so. Milliseconds. */
const MAX_AGE = 120_000;

/** `elapsed`: see `Clock`. */
export function recentRegions(elapsed: () => number): RecentRegions {
  let kept: { readonly name: string; readonly at: number; readonly inventory: Inventory } | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    remember(name, inventory) {
      kept = { name, at: elapsed(), inventory };
      // A server that idles for days should not hold a hundred thousand resources for it.
      clearTimeout(timer);
      timer = setTimeout(() => {
        kept = undefined;
      }, MAX_AGE).unref();
    },
    recall: (name) => (kept?.name === name && elapsed() - kept.at < MAX_AGE ? kept.inventory : undefined),
  };
}
