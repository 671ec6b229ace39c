import type { ResourceType } from '../../account/resource.js';
import type { OperationCall } from '../operation.js';

/** The ARNs on which RAM judges operations of KMS. Source: the RAM authorization page of KMS. */
export const permittedOn = {
  /** The key itself, even when it is named by an alias. Source: "Manage a key alias". */
  key: (call: OperationCall) => [call.region.arn('key', keyIdOf(call))],
  secret: ({ region, parameters }: OperationCall) => [region.arn('secret', plain(parameters['SecretName'], 'secret'))],
  certificate: ({ region, parameters }: OperationCall) => [
    region.arn('certificate', parameters['CertificateId'] ?? ''),
  ],
  /** Whichever of the three parameters is given. */
  tagTarget(call: OperationCall): readonly string[] {
    const { SecretName = '', CertificateId = '' } = call.parameters;
    const kind = SecretName !== '' ? 'secret' : CertificateId !== '' ? 'certificate' : 'key';
    return permittedOn[kind](call);
  },
  /** Every resource of a bulk request; without any, all of the type. */
  bulk({ region, parameters }: OperationCall): readonly string[] {
    const kind = parameters['ResourceType'] === 'secret' ? 'secret' : 'key';
    const ids = Object.entries(parameters).filter(([name]) => /^ResourceId\.\d+$/.test(name));
    return ids.length === 0 ? [region.arn(kind, '*')] : ids.map(([, id]) => region.arn(kind, id));
  },
  /** An alias and the key that it is to name. */
  newAlias: (call: OperationCall) => [...permittedOn.key(call), ...permittedOn.alias(call)],
  alias: ({ region, parameters }: OperationCall) => [region.arn('alias', plain(parameters['AliasName'], 'alias'))],
  keys: container('key'),
  secrets: container('secret'),
  aliases: container('alias'),
  instances: container('keystore'),
} as const;

/** All of a kind: its ARN ends without a slash. */
function container(kind: ResourceType | 'alias' | 'keystore') {
  return ({ region }: OperationCall): readonly string[] => [region.arn(kind, '').slice(0, -1)];
}

function keyIdOf({ region, parameters }: OperationCall): string {
  const { KeyId: given = '' } = parameters;
  const alias = given.startsWith(region.arn('alias', '')) ? `alias/${plain(given, 'alias')}` : given;
  return region.aliases.find(alias) ?? plain(given, 'key');
}

/** A name without what an ARN, or the prefix of an alias, puts before it. */
function plain(name = '', kind: string): string {
  const [, last] = name.split(`:${kind}/`);
  return last ?? (kind === 'alias' ? name.replace(/^alias\//, '') : name);
}
