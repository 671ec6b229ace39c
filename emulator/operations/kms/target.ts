import type { KeyState } from '../../account/account-data.js';
import type { Region } from '../../account/region.js';
import type { InstanceResource, Key, Resource } from '../../account/resource.js';
import { assumptions } from '../../assumptions.js';
import { kmsRefusal, missingParameter } from '../../refusal.js';
import type { OperationCall } from '../operation.js';
import { required } from '../parameters.js';

/** The key a call names by `KeyId`: its ID, or where the operation takes them an ARN, or an ARN and an alias. */
export function findKey(call: OperationCall): Key {
  const keyId = required(call.parameters, 'KeyId');
  const byId = call.region.key.find(keyId);
  if (byId !== undefined) {
    return byId;
  }
  const takesAlias = includes(assumptions.keyIdByAliasOrArn, call.action);
  if (!takesAlias && !includes(assumptions.keyIdByArn, call.action)) {
    throw kmsRefusal(assumptions.unknownKey);
  }
  const alias = keyId.startsWith('alias/') ? keyId : nameInArn(call.region, 'alias', keyId, 'alias/');
  if (alias !== undefined && takesAlias) {
    const aliased = call.region.key.find(call.region.aliases.find(alias) ?? '');
    if (aliased === undefined) {
      throw kmsRefusal(assumptions.unknownAlias);
    }
    return aliased;
  }
  const key = call.region.key.find(nameInArn(call.region, 'key', keyId) ?? '');
  if (key === undefined) {
    throw kmsRefusal(assumptions.unknownKey);
  }
  return key;
}

/** The secret a call names by `SecretName`: its name, or where the operation takes it its ARN. */
export function findSecret(call: OperationCall): InstanceResource {
  const name = required(call.parameters, 'SecretName');
  const plain = includes(assumptions.secretNameByArn, call.action) ? nameInArn(call.region, 'secret', name) : undefined;
  const secret = call.region.secret.find(plain ?? name);
  if (secret === undefined) {
    throw kmsRefusal(assumptions.unknownSecret);
  }
  return secret;
}

/** The certificate a call names by `CertificateId`. */
export function findCertificate(call: OperationCall): Resource {
  const certificate = call.region.certificate.find(required(call.parameters, 'CertificateId'));
  if (certificate === undefined) {
    throw kmsRefusal(assumptions.unknownCertificate);
  }
  return certificate;
}

/** The one resource that TagResource or UntagResource is about: exactly one of the three parameters. */
export function findTagTarget(call: OperationCall): Resource {
  const given = ['KeyId', 'SecretName', 'CertificateId'].filter((name) => (call.parameters[name] ?? '') !== '');
  if (given.length > 1) {
    throw kmsRefusal('InvalidParameter');
  }
  switch (given[0]) {
    case 'KeyId': {
      const key = findKey(call);
      checkTaggable(key.state);
      return key;
    }
    case 'SecretName':
      return findSecret(call);
    case 'CertificateId':
      return findCertificate(call);
    default:
      throw assumptions.noTarget === 'MissingParameter' ? missingParameter('KeyId') : kmsRefusal('InvalidParameter');
  }
}

/** Throws `Refusal` for a key state in which tags cannot be changed. */
export function checkTaggable(state: KeyState): void {
  if (state !== 'Enabled' && includes(assumptions.statesThatForbidTagging, state)) {
    throw kmsRefusal(`Rejected.${state}`);
  }
}

// An ARN of another account or region is none of ours, and so names nothing.
function nameInArn(region: Region, kind: 'key' | 'alias' | 'secret', text: string, before = ''): string | undefined {
  const prefix = region.arn(kind, '');
  return text.startsWith(prefix) ? before + text.slice(prefix.length) : undefined;
}

function includes(list: readonly string[], item: string): boolean {
  return list.includes(item);
}
