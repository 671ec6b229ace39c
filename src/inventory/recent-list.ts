import type { FoundResource } from './region.js';

/** The last list that was read, for the pages that follow: reading the region anew for each would cost as much again. */
export interface RecentList {
  remember(name: string, resources: readonly FoundResource[]): void;
  /** Undefined once it is too old, or another list was read. */
  recall(name: string): readonly FoundResource[] | undefined;
}

/** Older than this, a page would show what is no longer so. */
const MAX_AGE_MS = 120_000;
/** A longer list is read again instead of held in memory. */
const MAX_RESOURCES = 20_000;

export function recentList(now: () => number): RecentList {
  let kept: { name: string; at: number; resources: readonly FoundResource[] } | undefined;
  return {
    remember(name, resources) {
      kept = resources.length <= MAX_RESOURCES ? { name, at: now(), resources } : undefined;
    },
    recall(name) {
      return kept?.name === name && now() - kept.at < MAX_AGE_MS ? kept.resources : undefined;
    },
  };
}
