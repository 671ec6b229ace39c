import type { ResourceType } from '../aliyun/kms/kms-client.js';

/** State of some tag keys: a value, or `null` for absent. No prototype, so any key is safe. */
export type TagStates = Readonly<Record<string, string | null>>;

/** One resource of a change. */
export interface ChangeItem {
  readonly resourceId: string;
  /** State before the change; undefined where it could not be read. */
  readonly before: TagStates | undefined;
  /** State that the change aims at. */
  readonly after: TagStates;
}

/** What a change is, written before anything is sent. */
export interface ChangeHeader {
  /** Sorts by time, see `newChangeId`. */
  readonly changeId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Name of the tool that made it. */
  readonly tool: string;
  readonly regionId: string;
  readonly resourceType: ResourceType;
  readonly resources: number;
  /** The first resource, for lists. */
  readonly firstResourceId: string;
  readonly tagKeys: readonly string[];
  /** Who made it, where callers are known by name (HTTP). */
  readonly subject?: string | undefined;
  /** The change that this one takes back. */
  readonly undoes?: string | undefined;
  /** Where it runs, to tell a change that is still going from one that was cut off. */
  readonly host: string;
  readonly pid: number;
}

/** What came of some resources of a change. */
export interface Outcome {
  readonly kind: 'done' | 'failed' | 'unknown';
  readonly resourceIds: readonly string[];
  readonly requestId?: string | undefined;
  /** Error code, for what failed or is unknown. */
  readonly code?: string | undefined;
}

/** How a change ended. `running`: not yet; `interrupted`: its process is gone and wrote no end. */
export type ChangeState = 'done' | 'partial' | 'nothing_done' | 'unknown' | 'running' | 'interrupted';

export interface ChangeSummary extends ChangeHeader {
  readonly state: ChangeState;
  /** Number of resources by outcome; those without one were not attempted, or nobody lived to say. */
  readonly counts: Readonly<Record<Outcome['kind'], number>>;
  readonly requestIds: readonly string[];
}

export interface StoredChange extends ChangeSummary {
  /** Those that the change changed, or may have changed: what failed or was not attempted is not among them. */
  readonly items: readonly ChangeItem[];
}

/** Builds `TagStates` from pairs. */
export function tagStates(pairs: Iterable<readonly [key: string, value: string | null]>): TagStates {
  const states: Record<string, string | null> = Object.create(null);
  for (const [key, value] of pairs) states[key] = value;
  return states;
}

/** `20261124T121901123Z-5f3a9c01`: sorts by time, is a safe file name, and no two are alike. */
export function newChangeId(nowMs: number, randomHex: string): string {
  return `${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${randomHex}`;
}

export function isChangeId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{8}$/.test(text);
}
