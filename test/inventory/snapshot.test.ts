import { describe, expect, it } from 'vitest';
import { tagRecord } from '../../src/aliyun/kms/tag-record.js';
import { type Snapshot, snapshotDigest } from '../../src/inventory/snapshot.js';

const known = (...pairs: [string, string][]): Snapshot => ({ known: true, tags: tagRecord(pairs) });

const KEY = { type: 'key', id: 'key-1', regionId: 'cn-hangzhou' } as const;

describe('the digest of a snapshot', () => {
  const seen = snapshotDigest(KEY, known(['a', '1'], ['b', '2'], ['c', '3']));

  it('does not depend on the order in which the service lists tags', () => {
    expect(snapshotDigest(KEY, known(['c', '3'], ['a', '1'], ['b', '2']))).toBe(seen);
    expect(snapshotDigest(KEY, known(['b', '2'], ['c', '3'], ['a', '1']))).toBe(seen);
  });

  it.each<[string, Snapshot]>([
    ['a value', known(['a', '1'], ['b', '2'], ['c', '4'])],
    ['a key', known(['a', '1'], ['b', '2'], ['d', '3'])],
    ['which tag has which value', known(['a', '2'], ['b', '1'], ['c', '3'])],
    ['the number of tags', known(['a', '1'], ['b', '2'])],
    ['whether they are known', { known: false, reason: 'no permission' }],
  ])('changes with %s', (_, snapshot) => {
    expect(snapshotDigest(KEY, snapshot)).not.toBe(seen);
  });

  it.each([
    ['the resource, as when an alias points to another key', { ...KEY, id: 'key-2' }],
    ['the region', { ...KEY, regionId: 'cn-beijing' }],
    ['the type', { ...KEY, type: 'secret' as const }],
  ])('changes with %s', (_, ref) => {
    expect(snapshotDigest(ref, known(['a', '1'], ['b', '2'], ['c', '3']))).not.toBe(seen);
  });
});
