import type { AccountData, Emulator, RegionData, ResourceType } from '../../emulator/index.js';
import type { Seeded } from './seeded.js';

/** A resource of the account of a sequence. */
export interface Place {
  /** `cn-hangzhou key key-1`: unique in the account. */
  readonly name: string;
  readonly regionId: string;
  readonly type: ResourceType;
  readonly id: string;
}

export type TagMap = Readonly<Record<string, string>>;
/** Tags by name of the place. */
export type State = ReadonlyMap<string, TagMap>;

const REGIONS = ['cn-hangzhou', 'cn-shanghai'] as const;
export const TAG_KEYS = ['temp', 'env', 'owner', 'tmp', 'cost-center', '__proto__', 'toString'] as const;
export const TAG_VALUES = ['', 'a', 'b', 'prod', 'Prod'] as const;
/** A value that TagResources does not take, and TagResource does. */
export const LONG_VALUE = 'x'.repeat(200);
/** What can be there and could not be set again. */
const ODD_VALUES = ['two words', 'caf\u00e9', 'a;b'] as const;
/** A key that the server is told to protect. */
export const PROTECTED_KEY = 'locked';
export const SYSTEM_KEY = 'acs:rds:instance';

export interface RandomAccount {
  readonly data: AccountData;
  readonly regionIds: readonly string[];
  readonly places: readonly Place[];
}

/** A small account; now and then one whose bulk requests and lists need several parts or pages, or two regions. */
export function randomAccount(random: Seeded): RandomAccount {
  const regionIds = random.chance(0.15) ? REGIONS : [REGIONS[0]];
  const places: Place[] = [];
  const regions: [string, RegionData][] = regionIds.map((regionId) => {
    const size = random.next();
    const many = size < 0.03 ? 60 : size < 0.035 ? 220 : 0;
    const ids = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
    const keys = ids('key-', 2 + random.below(5) + many);
    const secrets = ids('s/', 1 + random.below(4));
    const certificates = ids('cert-', 1);
    const add = (type: ResourceType, all: readonly string[]): void => {
      for (const id of all) places.push({ name: `${regionId} ${type} ${id}`, regionId, type, id });
    };
    add('key', keys);
    add('secret', secrets);
    add('certificate', certificates);
    const data: RegionData = {
      keys: keys.map((KeyId) => ({ KeyId, Alias: `alias/${KeyId}`, Tags: randomTags(random) })),
      secrets: secrets.map((SecretName) => ({ SecretName, Tags: randomTags(random) })),
      certificates: certificates.map((CertificateId) => ({ CertificateId, Tags: randomTags(random) })),
    };
    return [regionId, data];
  });
  return { data: { AccountId: '1234567890123456', regions: Object.fromEntries(regions) }, regionIds, places };
}

function randomTags(random: Seeded): Record<string, string> {
  const value = (): string =>
    random.chance(0.04) ? random.pick(ODD_VALUES) : random.chance(0.02) ? LONG_VALUE : random.pick(TAG_VALUES);
  const others = random.chance(0.06) ? 2 : 0;
  return Object.fromEntries([
    ...random.some(TAG_KEYS).map((key): [string, string] => [key, value()]),
    ...(random.chance(0.15) ? [[PROTECTED_KEY, 'x'] as const] : []),
    ...(random.chance(0.1) ? [[SYSTEM_KEY, 'rm-1'] as const] : []),
    // So that some have ten, which is all that KMS allows.
    ...Array.from({ length: others }, (_, index) => [`other-${index}`, 'o'] as const),
  ]);
}

export function tagsAt(emulator: Emulator, { regionId, type, id }: Place): TagMap {
  return emulator.region(regionId).tagsOf(type, id) ?? {};
}

/** Makes the tags of a place what they are in `tags`, past all rules. */
export function putTags(emulator: Emulator, place: Place, tags: TagMap): void {
  const region = emulator.region(place.regionId);
  for (const key of Object.keys(tagsAt(emulator, place))) {
    if (valueIn(tags, key) === undefined) region.removeTag(place.type, place.id, key);
  }
  for (const [key, value] of Object.entries(tags)) region.setTag(place.type, place.id, key, value);
}

export function stateOf(emulator: Emulator, places: readonly Place[]): State {
  return new Map(places.map((place) => [place.name, tagsAt(emulator, place)]));
}

export function valueIn(tags: TagMap | undefined, key: string): string | undefined {
  return tags !== undefined && Object.hasOwn(tags, key) ? tags[key] : undefined;
}

/** Whether KMS would take this tag for a new one. The judge's own reading of the TagResource page. */
export function canBeSet(key: string, value: string): boolean {
  return /^[\w/\-.+=@:]{1,128}$/.test(key) && /^[\w/\-.+=@:]{0,256}$/.test(value);
}
