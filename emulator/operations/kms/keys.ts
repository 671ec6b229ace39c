import type { Key } from '../../account/resource.js';
import type { Operation } from '../operation.js';
import { pageOf } from '../paging.js';
import { createFilter } from './filters.js';
import { findKey } from './target.js';

const KEY_SPEC = 'Aliyun_AES_256';
const KEY_USAGE = 'ENCRYPT/DECRYPT';

// `keyId` with a small k: so the page has it.
const filterKeys = createFilter<Key>({
  KeyState: (key) => key.state,
  KeySpec: () => KEY_SPEC,
  KeyUsage: () => KEY_USAGE,
  ProtectionLevel: () => 'SOFTWARE',
  CreatorType: () => 'User',
  DKMSInstanceId: (key) => key.instanceId,
  keyId: (key) => key.id,
  AliasName: (key, region) => region.aliases.of(key.id),
  Creator: (_, region) => region.accountId,
});

/** A page of the region's keys, in order of creation. */
export const listKeys: Operation = (call) => {
  const { region, parameters } = call;
  const { items, summary } = pageOf(parameters, filterKeys(call, region.key.all), { min: 1, max: 100 });
  return {
    Keys: { Key: items.map((key) => ({ KeyId: key.id, KeyArn: region.arn('key', key.id) })) },
    ...summary,
  };
};

/** What is known of one key: everything but its tags. Dates that are not there are printed as "". */
export const describeKey: Operation = (call) => {
  const key = findKey(call);
  const { region } = call;
  return {
    KeyMetadata: {
      KeyId: key.id,
      Arn: region.arn('key', key.id),
      AutomaticRotation: 'Disabled',
      CreationDate: region.createdAt(key),
      Creator: region.accountId,
      DKMSInstanceId: key.instanceId,
      DeleteDate: key.state === 'PendingDeletion' ? '2030-01-01T00:00:00Z' : '',
      DeletionProtection: 'Disabled',
      DeletionProtectionDescription: '',
      Description: key.description,
      KeySpec: KEY_SPEC,
      KeyState: key.state,
      KeyUsage: KEY_USAGE,
      LastRotationDate: '',
      MaterialExpireTime: '',
      NextRotationDate: '',
      Origin: 'Aliyun_KMS',
      PrimaryKeyVersion: '00000000-0000-4000-8000-000000000000',
      ProtectionLevel: 'SOFTWARE',
      RotationInterval: '',
    },
  };
};
