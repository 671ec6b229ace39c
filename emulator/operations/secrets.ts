import type { Account, Resource } from '../account/account.js';
import { createFilter } from './filters.js';
import type { Operation } from './operation.js';
import { pageOf } from './paging.js';
import { flag } from './parameters.js';
import { printTags } from './single-tags.js';
import { findSecret } from './target.js';

const filterSecrets = createFilter<Resource>({
  SecretName: (secret) => secret.id,
  Description: (secret) => secret.description,
  DKMSInstanceId: () => '',
  SecretType: () => 'Generic',
  Creator: (_, account) => account.accountId,
});

/** A page of the account's secrets, in order of creation; with their tags when `FetchTags` is true. */
export const listSecrets: Operation = ({ account, parameters }) => {
  const withTags = flag(parameters, 'FetchTags');
  const all = filterSecrets(account, account.secret.all, parameters);
  const { items, summary } = pageOf(parameters, all, { min: 1, max: 100 });
  return { SecretList: { Secret: items.map((secret) => printSecret(account, secret, withTags)) }, ...summary };
};

/** What is known of one secret, never its value; with its tags when `FetchTags` is true. */
export const describeSecret: Operation = (call) => {
  const withTags = flag(call.parameters, 'FetchTags');
  const secret = findSecret(call);
  return {
    ...printSecret(call.account, secret, withTags),
    Arn: call.account.arn('secret', secret.id),
    Description: secret.description,
    EncryptionKeyId: '',
    DKMSInstanceId: '',
    AutomaticRotation: 'Disabled',
    RotationInterval: '',
    LastRotationDate: '',
    NextRotationDate: '',
    PlannedDeleteTime: '',
    ExtendedConfig: '',
    OwingService: '',
  };
};

function printSecret(account: Account, secret: Resource, withTags: boolean) {
  return {
    SecretName: secret.id,
    SecretType: 'Generic',
    CreateTime: account.createdAt(secret),
    UpdateTime: account.createdAt(secret),
    ...(withTags ? { Tags: { Tag: printTags(secret.tags) } } : {}),
  };
}
