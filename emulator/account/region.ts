import { printTime } from '../wire-reply.js';
import { type KeyData, policyText, type RegionData, type SecretData } from './account-data.js';
import { type AliasBook, createAliasBook } from './alias-book.js';
import {
  createShelf,
  type InstanceResource,
  type Key,
  type Resource,
  type ResourceType,
  type Shelf,
} from './resource.js';
import { createTagInterner, type TagInterner, type TagSet, withTags } from './tag-set.js';

/** What the emulated account holds in one region. */
export interface Region {
  readonly regionId: string;
  readonly accountId: string;
  readonly key: Shelf<Key>;
  readonly secret: Shelf<InstanceResource>;
  readonly certificate: Shelf<Resource>;
  readonly aliases: Pick<AliasBook, 'all' | 'find' | 'of'>;
  /** With its aliases. A resource that is not there does not matter. */
  remove(type: ResourceType, id: string): void;
  setAlias(name: string, keyId: string): void;
  removeAlias(name: string): void;
  readonly intern: TagInterner;
  /** With `hiddenUntil` (ms), reads before then show the tags as they were. */
  setTags(resource: Resource, tags: TagSet, hiddenUntil?: number): void;
  /** The tags that a read shows at `now` (ms). */
  shownTags(resource: Resource, now: number): TagSet;
  /** Whether any read at `now` (ms) shows tags that are no longer so. */
  isStale(now: number): boolean;
  setPolicy(resource: InstanceResource, policy: string): void;
  /** The KMS instances in which there are keys or secrets, in order of the data. */
  readonly instanceIds: readonly string[];
  /** Grows with every change. */
  readonly version: number;
  /** `acs:kms:{region}:{account}:{kind}/{name}` */
  arn(kind: ResourceType | 'alias' | 'keystore', name: string): string;
  /** ISO 8601 time at which a resource came into being, made up from its place. */
  createdAt(resource: Resource): string;
}

const FIRST_CREATED_AT = Date.parse('2024-01-08T02:30:00Z');

/** A region with a copy of `data`; identifiers and aliases in it must be unique. */
export function createRegion(data: RegionData, regionId: string, accountId: string): Region {
  const intern = createTagInterner();
  const tagSet = (tags: Readonly<Record<string, string>> = {}) =>
    withTags(
      [],
      Object.entries(tags).map(([key, value]) => intern(key, value)),
    );
  const { keys = [], secrets = [], certificates = [] } = data;
  const aliases = createAliasBook(
    keys.flatMap(({ KeyId, Alias: name }) => (name === undefined ? [] : { name, keyId: KeyId })),
  );
  let version = 0;
  /** Tags that reads still show although they were changed. */
  const earlier = new Map<Resource, { readonly tags: TagSet; readonly until: number }>();
  const shelves = {
    key: createShelf(
      keys.map((one, ordinal) => ({
        ordinal,
        id: one.KeyId,
        description: one.Description ?? '',
        state: one.KeyState ?? 'Enabled',
        ...instanceParts(one),
        tags: tagSet(one.Tags),
      })),
    ),
    secret: createShelf(
      secrets.map((one, ordinal) => ({
        ordinal,
        id: one.SecretName,
        description: one.Description ?? '',
        ...instanceParts(one),
        tags: tagSet(one.Tags),
      })),
    ),
    certificate: createShelf(
      certificates.map((one, ordinal) => ({ ordinal, id: one.CertificateId, description: '', tags: tagSet(one.Tags) })),
    ),
  };
  return {
    regionId,
    accountId,
    ...shelves,
    remove(type, id) {
      shelves[type].remove(id);
      for (const name of type === 'key' ? aliases.of(id) : []) {
        aliases.remove(name);
      }
      version += 1;
    },
    aliases,
    setAlias(name, keyId) {
      aliases.set(name, keyId);
      version += 1;
    },
    removeAlias(name) {
      aliases.remove(name);
      version += 1;
    },
    intern,
    setTags(resource, tags, hiddenUntil) {
      if (hiddenUntil === undefined) {
        earlier.delete(resource);
      } else {
        earlier.set(resource, { tags: resource.tags, until: hiddenUntil });
      }
      resource.tags = tags;
      version += 1;
    },
    shownTags(resource, now) {
      const hidden = earlier.get(resource);
      return hidden !== undefined && now < hidden.until ? hidden.tags : resource.tags;
    },
    isStale(now) {
      for (const [resource, { until }] of earlier) {
        if (now >= until) {
          earlier.delete(resource);
        }
      }
      return earlier.size > 0;
    },
    setPolicy(resource, policy) {
      resource.policy = policy;
      version += 1;
    },
    instanceIds: [...new Set([...keys, ...secrets].flatMap((one) => one.DKMSInstanceId ?? []))],
    get version() {
      return version;
    },
    arn: (kind, name) => `acs:kms:${regionId}:${accountId}:${kind}/${name}`,
    createdAt: (resource) => printTime(FIRST_CREATED_AT + resource.ordinal * 60_000),
  };
}

function instanceParts({ DKMSInstanceId = '', Policy: policy }: KeyData | SecretData) {
  return { instanceId: DKMSInstanceId, policy: policy === undefined ? undefined : policyText(policy) };
}
