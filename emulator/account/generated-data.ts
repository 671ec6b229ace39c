import type { AccountData } from './account-data.js';

const ENVIRONMENTS = ['dev', 'test', 'prod'];
const OWNERS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];

/**
 * An account of `keys` keys, `key-000001` and on, each with `temp` (one of 20 values) and `env` (dev, test,
 * prod), nine in ten with `owner`. Each of `otherRegions` gets as many, whose ids hold the region:
 * `key-cn-shanghai-000001`. There is one role, `tag-cleaner`. The same numbers give the same account. Throws `Error` for no whole number.
 */
export function generatedData(keys: number, otherRegions: readonly string[] = []): AccountData {
  if (!Number.isSafeInteger(keys) || keys < 0) {
    throw new Error(`The number of keys must be a whole number, 0 or more; got ${keys}.`);
  }
  const generate = (prefix: string) => ({
    keys: Array.from({ length: keys }, (_, index) => generatedKey(prefix, index)),
  });
  const regions = otherRegions.map((regionId) => [regionId, generate(`key-${regionId}-`)] as const);
  return {
    ...generate('key-'),
    roles: [{ RoleName: 'tag-cleaner' }],
    ...(regions.length === 0 ? {} : { regions: Object.fromEntries(regions) }),
  };
}

function generatedKey(prefix: string, index: number) {
  const tags: Record<string, string> = {
    temp: `temp-${String((index % 20) + 1).padStart(2, '0')}`,
    env: ENVIRONMENTS[index % ENVIRONMENTS.length] ?? 'dev',
  };
  if (index % 10 !== 9) {
    tags['owner'] = OWNERS[index % OWNERS.length] ?? 'alice';
  }
  return { KeyId: `${prefix}${String(index + 1).padStart(6, '0')}`, Tags: tags };
}
