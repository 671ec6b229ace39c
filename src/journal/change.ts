import type { ResourceType } from '../aliyun/kms/kms-client.js';
import type { Account } from '../aliyun/sts/account.js';
import type { TagStates } from './tag-states.js';

/** Resources of one region that are alike: the same tags before, the same tags wanted. Any number of them. */
export interface ItemGroup {
  readonly regionId: string;
  readonly ids: readonly string[];
  /** State before the change, of the keys in question; undefined where it could not be read. */
  readonly before: TagStates | undefined;
  /** State that the change aims at. */
  readonly after: TagStates;
}

/** What a change is, written before anything is sent. */
export interface ChangeHeader {
  readonly changeId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Name of the tool that made it. */
  readonly tool: string;
  /** What it does, in one sentence. */
  readonly sentence: string;
  readonly resourceType: ResourceType;
  /** Number of resources that it is about. */
  readonly resources: number;
  readonly account: Account;
  /** Who made it, where callers are known by name (HTTP). */
  readonly subject?: string | undefined;
  /** The change that this one undoes. */
  readonly undoes?: string | undefined;
}

/**
 * What came of some resources of a change.
 * `refused`: the service said no. `not_sent`: no request for them left this process. For all but `not_sent`, undo looks
 * at the resource itself: an answer says what the service thought, not what is there.
 */
export interface Outcome {
  readonly kind: 'done' | 'refused' | 'unknown' | 'not_sent';
  readonly regionId: string;
  readonly ids: readonly string[];
  readonly requestId?: string | undefined;
  /** Error code, for all but `done`. */
  readonly code?: string | undefined;
}

/** How a change ended, as its last line says. */
export type EndState = 'done' | 'partial' | 'nothing_done' | 'unknown';

/** `running`: no end yet, and some process holds its lease; `interrupted`: no end, and nobody does. */
export type ChangeState = EndState | 'running' | 'interrupted';

export interface ChangeSummary extends ChangeHeader {
  readonly state: ChangeState;
}

export interface StoredChange extends ChangeSummary {
  /** Those that a request may have left for. */
  readonly groups: readonly ItemGroup[];
}

/** `20261124T121901123Z-5f3a9c01`: sorts by time, is a safe file name, and no two are alike. */
export function newChangeId(timeMs: number, randomHex: string): string {
  return `${new Date(timeMs).toISOString().replace(/[-:.]/g, '')}-${randomHex}`;
}

export function isChangeId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{8}$/.test(text) && !Number.isNaN(timeOfChangeId(text));
}

/** The time in a change id, in milliseconds since the epoch. */
export function timeOfChangeId(id: string): number {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/.exec(id) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}
