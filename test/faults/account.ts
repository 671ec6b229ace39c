import type { AccountData, Emulator, ResourceType } from '../../emulator/index.js';
import type { Seeded } from './seeded.js';

/** A resource of the account of a sequence. */
export interface Place {
  readonly type: ResourceType;
  readonly id: string;
}

/** Tags by resource: what the oracle compares. */
export type State = ReadonlyMap<string, Readonly<Record<string, string>>>;

export const TAG_KEYS = ['temp', 'env', 'owner', 'cost-center', '__proto__', 'toString'] as const;
export const TAG_VALUES = ['', 'a', 'b', 'prod', 'Prod'] as const;
/** A key that the server is told to protect. */
export const PROTECTED_KEY = 'locked';
export const SYSTEM_KEY = 'acs:rds:instance';

export function nameOf({ type, id }: Place): string {
  return `${type} ${id}`;
}

/** A small account; now and then one whose bulk requests need several parts. */
export function randomAccount(random: Seeded): { readonly data: AccountData; readonly places: readonly Place[] } {
  const many = random.chance(0.06) ? 60 : 0;
  const tags = (): Record<string, string> =>
    Object.fromEntries([
      ...random.some(TAG_KEYS).map((key): [string, string] => [key, random.pick(TAG_VALUES)]),
      ...(random.chance(0.15) ? [[PROTECTED_KEY, 'x'] as const] : []),
      ...(random.chance(0.1) ? [[SYSTEM_KEY, 'rm-1'] as const] : []),
    ]);
  const numbered = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const keys = numbered(2 + random.below(5) + many).map((number) => ({ KeyId: `key-${number}`, Tags: tags() }));
  const secrets = numbered(1 + random.below(4)).map((number) => ({ SecretName: `s/${number}`, Tags: tags() }));
  const certificates = numbered(1 + random.below(2)).map((number) => ({
    CertificateId: `cert-${number}`,
    Tags: tags(),
  }));
  const places: Place[] = [
    ...keys.map(({ KeyId }) => ({ type: 'key' as const, id: KeyId })),
    ...secrets.map(({ SecretName }) => ({ type: 'secret' as const, id: SecretName })),
    ...certificates.map(({ CertificateId }) => ({ type: 'certificate' as const, id: CertificateId })),
  ];
  return { data: { keys, secrets, certificates }, places };
}

export function stateOf(emulator: Emulator, places: readonly Place[]): State {
  return new Map(places.map((place) => [nameOf(place), emulator.tagsOf(place.type, place.id) ?? {}]));
}

/** One tag that differs. */
export interface Difference {
  readonly place: string;
  readonly key: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export function differences(before: State, after: State): Difference[] {
  const found: Difference[] = [];
  for (const [place, was] of before) {
    const is = after.get(place) ?? {};
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      const from = valueIn(was, key);
      const to = valueIn(is, key);
      if (from !== to) found.push({ place, key, from, to });
    }
  }
  return found;
}

export function valueIn(tags: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(tags, key) ? tags[key] : undefined;
}
