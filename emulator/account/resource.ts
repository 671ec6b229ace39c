import type { KeyState } from './account-data.js';
import type { Tag, TagSet } from './tag-set.js';

export type ResourceType = 'key' | 'secret' | 'certificate';

/** One thing that can carry tags. `ordinal` is its place on its shelf, by order of creation; it never changes. */
export interface Resource {
  readonly ordinal: number;
  readonly id: string;
  readonly description: string;
  /** Written by `Region.setTags` only. */
  tags: TagSet;
}

/** A key or a secret, which may be in a KMS instance and then has a policy. */
export interface InstanceResource extends Resource {
  /** Empty outside of KMS instances. */
  readonly instanceId: string;
  /** As GetKeyPolicy and GetSecretPolicy answer it; undefined for the default one. Written by `Region.setPolicy` only. */
  policy: string | undefined;
}

export interface Key extends InstanceResource {
  readonly state: KeyState;
}

/** All resources of one type. */
export interface Shelf<T extends Resource> {
  readonly all: readonly T[];
  find(id: string): T | undefined;
  /** Places of others stay as they are. */
  remove(id: string): void;
}

export function createShelf<T extends Resource>(resources: readonly T[]): Shelf<T> {
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  let all = resources;
  return {
    get all() {
      return all;
    },
    find: (id) => byId.get(id),
    remove(id) {
      byId.delete(id);
      all = all.filter((resource) => resource.id !== id);
    },
  };
}

/** The tags of a resource as a plain record, in order of their keys. */
export function tagRecord(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [tag.key, tag.value]));
}
