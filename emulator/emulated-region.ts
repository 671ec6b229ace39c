import type { Region } from './account/region.js';
import { type Resource, type ResourceType, tagRecord } from './account/resource.js';
import { withoutTags, withTags } from './account/tag-set.js';
import type { FaultPlan } from './faults/fault-plan.js';
import { createFaultSource, type FaultSource } from './faults/fault-source.js';
import type { Listener } from './listener.js';
import type { RequestLog, RequestRecord } from './request-log.js';

/** One region of a running emulator, as a test sees it. */
export interface EmulatedRegion {
  readonly regionId: string;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** The latest thousand requests to this endpoint, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** How many requests this endpoint received in all, or for one action. */
  count(action?: string): number;
  /** The tags of a resource, or undefined when there is no such resource. */
  tagsOf(type: ResourceType, id: string): Readonly<Record<string, string>> | undefined;
  /** A change by somebody else: no limits, no log. Throws `Error` when there is no such resource. */
  setTag(type: ResourceType, id: string, key: string, value: string): void;
  /** As `setTag`. A key that is not there does not matter. */
  removeTag(type: ResourceType, id: string, key: string): void;
  /** Deletes a resource as somebody else would. Throws `Error` when there is no such resource. */
  deleteResource(type: ResourceType, id: string): void;
  /** Replaces plan, script and seed; undefined ends all faults. Throws `Error` for a wrong plan. */
  setFaults(faults: FaultPlan | string | undefined): void;
}

/** The faults of one region, which can be replaced while it runs. */
export interface FaultHolder {
  readonly current: FaultSource;
  set(faults: FaultPlan | string | undefined): void;
}

/** `index` is the region's place; each place draws in its own way from the same seed. */
export function createFaultHolder(first: FaultPlan | string | undefined, index: number): FaultHolder {
  let current = createFaultSource(first, index);
  return {
    get current() {
      return current;
    },
    set(faults) {
      current = createFaultSource(faults, index);
    },
  };
}

/** Puts together what a test may see and do of one region. */
export function emulatedRegion(
  region: Region,
  listener: Listener,
  log: RequestLog,
  faults: FaultHolder,
): EmulatedRegion {
  const existing = (type: ResourceType, id: string): Resource => {
    const resource = region[type].find(id);
    if (resource === undefined) {
      throw new Error(`The emulated account has no ${type} ${JSON.stringify(id)} in ${region.regionId}.`);
    }
    return resource;
  };
  return {
    regionId: region.regionId,
    endpoint: listener.endpoint,
    requests: log.records,
    count: log.count,
    tagsOf(type, id) {
      const resource = region[type].find(id);
      return resource === undefined ? undefined : tagRecord(resource.tags);
    },
    setTag(type, id, key, value) {
      const resource = existing(type, id);
      region.setTags(resource, withTags(resource.tags, [region.intern(key, value)]));
    },
    removeTag(type, id, key) {
      const resource = existing(type, id);
      region.setTags(resource, withoutTags(resource.tags, new Set([key])));
    },
    deleteResource: (type, id) => region.remove(type, existing(type, id).id),
    setFaults: faults.set,
  };
}
