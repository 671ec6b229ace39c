import type { Statement } from './statement.js';
import { matchesWildcard } from './wildcard.js';

/**
 * The operations whose pages name `kms:tag/<tag-key>` as a condition key; all act on keys. Newer pages may name more, so
 * an action outside this table has no documented effect, which is not the same as none.
 * Source: https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-ram
 */
const TAG_OPERATIONS = [
  'Encrypt',
  'Decrypt',
  'ReEncrypt',
  'ExportDataKey',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateAndExportDataKey',
  'AsymmetricEncrypt',
  'AsymmetricDecrypt',
  'AsymmetricSign',
  'AsymmetricVerify',
  'GetPublicKey',
  'DescribeKey',
  'UpdateKeyDescription',
  'EnableKey',
  'DisableKey',
  'CancelKeyDeletion',
  'ScheduleKeyDeletion',
  'ImportKeyMaterial',
  'GetParametersForImport',
  'DeleteKeyMaterial',
  'CreateKeyVersion',
  'DescribeKeyVersion',
  'ListKeyVersions',
  'UpdateRotationPolicy',
  'SetDeletionProtection',
] as const;

export type TagOperation = (typeof TAG_OPERATIONS)[number];

/** What makes data unreadable, for good or for now, or takes away what guards against that. */
const DESTRUCTIVE: ReadonlySet<TagOperation> = new Set<TagOperation>([
  'ScheduleKeyDeletion',
  'DeleteKeyMaterial',
  'DisableKey',
  'SetDeletionProtection',
]);

/** Not among the actions that a key policy can name: there they have no effect. Source: help page of SetKeyPolicy. */
const NOT_IN_KEY_POLICIES: ReadonlySet<TagOperation> = new Set<TagOperation>([
  'ReEncrypt',
  'ExportDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'AsymmetricSign',
  'AsymmetricVerify',
]);

/** The operations of the table that a statement is about. */
export function tagOperationsOf({ actions }: Statement, policy: 'ram' | 'key' | 'secret'): readonly TagOperation[] {
  const patterns = actions.patterns.map((pattern) => pattern.toLowerCase());
  return TAG_OPERATIONS.filter((operation) => {
    if (policy === 'key' && NOT_IN_KEY_POLICIES.has(operation)) return false;
    const action = `kms:${operation}`.toLowerCase();
    return patterns.some((pattern) => matchesWildcard(pattern, action)) !== actions.not;
  });
}

export function isDestructive(operations: readonly TagOperation[]): boolean {
  return operations.some((operation) => DESTRUCTIVE.has(operation));
}

const KEY_ACTIONS: ReadonlySet<string> = new Set(TAG_OPERATIONS.map((operation) => `kms:${operation}`.toLowerCase()));

/** Whether a statement is about nothing but operations on keys, each named in full: secrets do not concern it. */
export function isAboutKeysOnly({ actions }: Statement): boolean {
  return !actions.not && actions.patterns.every((pattern) => KEY_ACTIONS.has(pattern.toLowerCase()));
}
