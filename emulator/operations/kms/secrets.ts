import type { InstanceResource } from '../../account/resource.js';
import type { Operation, OperationCall } from '../operation.js';
import { pageOf } from '../paging.js';
import { flag } from '../parameters.js';
import { createFilter } from './filters.js';
import { printTags } from './single-tags.js';
import { findSecret } from './target.js';

const filterSecrets = createFilter<InstanceResource>({
  SecretName: (secret) => secret.id,
  Description: (secret) => secret.description,
  DKMSInstanceId: (secret) => secret.instanceId,
  SecretType: () => 'Generic',
  Creator: (_, region) => region.accountId,
});

/** A page of the region's secrets, in order of creation; with their tags when `FetchTags` is true. */
export const listSecrets: Operation = (call) => {
  const { region, parameters } = call;
  const withTags = flag(parameters, 'FetchTags');
  const all = filterSecrets(call, region.secret.all);
  const { items, summary } = pageOf(parameters, all, { min: 1, max: 100 });
  return { SecretList: { Secret: items.map((secret) => printSecret(call, secret, withTags)) }, ...summary };
};

/** What is known of one secret, never its value; with its tags when `FetchTags` is true. */
export const describeSecret: Operation = (call) => {
  const withTags = flag(call.parameters, 'FetchTags');
  const secret = findSecret(call);
  return {
    ...printSecret(call, secret, withTags),
    Arn: call.region.arn('secret', secret.id),
    Description: secret.description,
    EncryptionKeyId: '',
    DKMSInstanceId: secret.instanceId,
    AutomaticRotation: 'Disabled',
    RotationInterval: '',
    LastRotationDate: '',
    NextRotationDate: '',
    PlannedDeleteTime: '',
    ExtendedConfig: '',
    OwingService: '',
  };
};

function printSecret({ region, tagsOf }: OperationCall, secret: InstanceResource, withTags: boolean) {
  return {
    SecretName: secret.id,
    SecretType: 'Generic',
    CreateTime: region.createdAt(secret),
    UpdateTime: region.createdAt(secret),
    ...(withTags ? { Tags: { Tag: printTags(tagsOf(secret)) } } : {}),
  };
}
