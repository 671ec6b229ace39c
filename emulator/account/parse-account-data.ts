import * as z from 'zod';
import type { AccountData, PolicyData, RamPolicyData, RegionData, RoleData } from './account-data.js';
import { isTrustPolicy } from './roles.js';

// Schemas stay here: types that users of the module see must not need zod.
const policyDataSchema: z.ZodType<PolicyData> = z.union([z.string(), z.record(z.string(), z.unknown())]);
const tags = z.record(z.string().min(1), z.string());
const instance = { DKMSInstanceId: z.string().min(1).optional(), Policy: policyDataSchema.optional() };

const regionData = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        KeyId: z.string().min(1),
        Alias: z
          .string()
          .regex(/^alias\/./, 'must start with "alias/"')
          .optional(),
        Description: z.string().optional(),
        KeyState: z.enum(['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport']).optional(),
        ...instance,
        Tags: tags.optional(),
      }),
    )
    .optional(),
  secrets: z
    .array(
      z.strictObject({
        SecretName: z.string().min(1),
        Description: z.string().optional(),
        ...instance,
        Tags: tags.optional(),
      }),
    )
    .optional(),
  certificates: z
    .array(
      z.strictObject({
        CertificateId: z.string().min(1),
        Tags: tags.optional(),
      }),
    )
    .optional(),
});

const names = z.array(z.string().min(1)).optional();
const attachments = { Users: names, Groups: names, Roles: names };

const ramPolicySchema: z.ZodType<RamPolicyData> = z.strictObject({
  PolicyName: z.string().min(1).max(128),
  PolicyType: z.enum(['Custom', 'System']).optional(),
  Description: z.string().optional(),
  PolicyDocument: policyDataSchema,
  ...attachments,
  ResourceGroups: z.record(z.string().min(1), z.strictObject(attachments)).optional(),
});

const roleSchema: z.ZodType<RoleData> = z.strictObject({
  RoleName: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, . _ or -'),
  AssumeRolePolicyDocument: z
    .record(z.string(), z.unknown())
    .refine((document) => isTrustPolicy(document), 'must be a trust policy with Principal.RAM')
    .optional(),
  MaxSessionDuration: z.int().min(3600).max(43_200).optional(),
});

const accountData: z.ZodType<AccountData> = z.strictObject({
  AccountId: z
    .string()
    .regex(/^\d{16}$/, 'must be 16 digits')
    .optional(),
  ...regionData.shape,
  regions: z.record(z.string().regex(/^[a-z]{2,8}(-[a-z0-9]+)+$/, 'must be a region ID'), regionData).optional(),
  policies: z.array(ramPolicySchema).optional(),
  roles: z.array(roleSchema).optional(),
});

/**
 * Parses the text of a `--data` file. Throws `Error` whose message names the wrong field by its path, or says
 * that the text is no JSON. Tags are taken as they are, whatever KMS would say about them.
 */
export function parseAccountData(json: string): AccountData {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`The account data is not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  const parsed = accountData.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue === undefined ? '' : pathText(issue.path);
    throw new Error(`The account data is wrong at ${path === '' ? 'the top' : path}: ${issue?.message ?? 'unknown'}.`);
  }
  checkRegion(parsed.data, '');
  const { policies = [], roles = [] } = parsed.data;
  checkUnique(
    'roles',
    'RoleName',
    roles.map((role) => role.RoleName),
  );
  checkUnique(
    'policies',
    'PolicyName',
    policies.map((policy) => policy.PolicyName),
  );
  for (const [regionId, region] of Object.entries(parsed.data.regions ?? {})) {
    checkRegion(region, `regions.${regionId}.`);
  }
  return parsed.data;
}

/** Names are unique within a region; another region may have the same ones. */
function checkRegion({ keys = [], secrets = [], certificates = [] }: RegionData, where: string): void {
  for (const { Policy, DKMSInstanceId } of [...keys, ...secrets]) {
    if (Policy !== undefined && DKMSInstanceId === undefined) {
      throw new Error(
        `The account data is wrong at ${where}keys or secrets: only what has a DKMSInstanceId has a Policy.`,
      );
    }
  }
  checkUnique(
    `${where}keys`,
    'KeyId',
    keys.map((key) => key.KeyId),
  );
  checkUnique(
    `${where}keys`,
    'Alias',
    keys.flatMap((key) => key.Alias ?? []),
  );
  checkUnique(
    `${where}secrets`,
    'SecretName',
    secrets.map((secret) => secret.SecretName),
  );
  checkUnique(
    `${where}certificates`,
    'CertificateId',
    certificates.map((one) => one.CertificateId),
  );
}

function checkUnique(list: string, field: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) {
      throw new Error(`The account data is wrong at ${list}: ${field} ${JSON.stringify(value)} is there twice.`);
    }
    seen.add(value);
  }
}

function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`;
  }
  return text;
}
