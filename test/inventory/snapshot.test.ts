import { describe, expect, it } from 'vitest';
import { tagRecord } from '../../src/aliyun/kms/tag-record.js';
import { type Snapshot, snapshotDigest } from '../../src/inventory/snapshot.js';

const known = (...pairs: [string, string][]): Snapshot => ({ known: true, tags: tagRecord(pairs) });

describe('the digest of a snapshot', () => {
  const seen = snapshotDigest(known(['a', '1'], ['b', '2'], ['c', '3']));

  it('does not depend on the order in which the service lists tags', () => {
    expect(snapshotDigest(known(['c', '3'], ['a', '1'], ['b', '2']))).toBe(seen);
    expect(snapshotDigest(known(['b', '2'], ['c', '3'], ['a', '1']))).toBe(seen);
  });

  it.each<[string, Snapshot]>([
    ['a value', known(['a', '1'], ['b', '2'], ['c', '4'])],
    ['a key', known(['a', '1'], ['b', '2'], ['d', '3'])],
    ['which tag has which value', known(['a', '2'], ['b', '1'], ['c', '3'])],
    ['the number of tags', known(['a', '1'], ['b', '2'])],
    ['whether they are known', { known: false, reason: 'no permission' }],
  ])('changes with %s', (_, snapshot) => {
    expect(snapshotDigest(snapshot)).not.toBe(seen);
  });
});
