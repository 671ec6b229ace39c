import type { AccountData, KeyState } from './account-data.js';
import { createTagInterner, type Tag, type TagInterner, type TagSet, withTags } from './tag-set.js';

export type ResourceType = 'key' | 'secret' | 'certificate';

/** One thing that can carry tags. `ordinal` is its place on its shelf, by order of creation; it never changes. */
export interface Resource {
  readonly ordinal: number;
  readonly id: string;
  readonly description: string;
  /** Written by `Account.setTags` only. */
  tags: TagSet;
}

export interface Key extends Resource {
  /** With the leading `alias/`; undefined for none. */
  readonly alias: string | undefined;
  readonly state: KeyState;
}

/** All resources of one type. */
export interface Shelf<T extends Resource> {
  readonly all: readonly T[];
  find(id: string): T | undefined;
}

/** The state of the emulated account. */
export interface Account {
  readonly regionId: string;
  /** 16 digits, as ARNs have it. */
  readonly accountId: string;
  readonly key: Shelf<Key>;
  readonly secret: Shelf<Resource>;
  readonly certificate: Shelf<Resource>;
  /** Keys that have an alias, by order of creation. */
  readonly aliased: readonly (Key & { readonly alias: string })[];
  findAlias(alias: string): Key | undefined;
  readonly intern: TagInterner;
  setTags(resource: Resource, tags: TagSet): void;
  /** Grows with every change of a tag. */
  readonly version: number;
  /** `acs:kms:{region}:{account}:{kind}/{name}` */
  arn(kind: ResourceType | 'alias', name: string): string;
  /** ISO 8601 time at which a resource came into being, made up from its place. */
  createdAt(resource: Resource): string;
}

const FIRST_CREATED_AT = Date.parse('2024-01-08T02:30:00Z');

/** An account with a copy of `data`; identifiers and aliases in it must be unique. */
export function createAccount(data: AccountData, regionId: string, accountId: string): Account {
  const intern = createTagInterner();
  const tagSet = (tags: Readonly<Record<string, string>> = {}) =>
    withTags(
      [],
      Object.entries(tags).map(([key, value]) => intern(key, value)),
    );
  const key = createShelf((data.keys ?? []).map((one, ordinal) => toKey(one, ordinal, tagSet(one.Tags))));
  const secret = createShelf(
    (data.secrets ?? []).map((one, ordinal) => ({
      ordinal,
      id: one.SecretName,
      description: one.Description ?? '',
      tags: tagSet(one.Tags),
    })),
  );
  const certificate = createShelf(
    (data.certificates ?? []).map((one, ordinal) => ({
      ordinal,
      id: one.CertificateId,
      description: '',
      tags: tagSet(one.Tags),
    })),
  );
  const aliased = key.all.filter(hasAlias);
  const byAlias = new Map(aliased.map((one) => [one.alias, one]));
  let version = 0;
  return {
    regionId,
    accountId,
    key,
    secret,
    certificate,
    aliased,
    intern,
    findAlias: (alias) => byAlias.get(alias),
    setTags(resource, tags) {
      resource.tags = tags;
      version += 1;
    },
    get version() {
      return version;
    },
    arn: (kind, name) => `acs:kms:${regionId}:${accountId}:${kind}/${name}`,
    createdAt: (resource) => new Date(FIRST_CREATED_AT + resource.ordinal * 60_000).toISOString().replace('.000Z', 'Z'),
  };
}

/** The tags of a resource as a plain record, in order of their keys. */
export function tagRecord(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [tag.key, tag.value]));
}

function createShelf<T extends Resource>(all: readonly T[]): Shelf<T> {
  const byId = new Map(all.map((resource) => [resource.id, resource]));
  return { all, find: (id) => byId.get(id) };
}

function toKey(data: NonNullable<AccountData['keys']>[number], ordinal: number, tags: TagSet): Key {
  return {
    ordinal,
    id: data.KeyId,
    description: data.Description ?? '',
    alias: data.Alias,
    state: data.KeyState ?? 'Enabled',
    tags,
  };
}

function hasAlias(key: Key): key is Key & { readonly alias: string } {
  return key.alias !== undefined;
}
