import * as z from 'zod';
import { type PolicyData, policyDataSchema } from './policy-data.js';
import { type RamPolicyData, ramPolicySchema } from './ram-data.js';
import { type RoleData, roleSchema } from './roles.js';

type Tags = Record<string, string>;

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport';

/** What one region holds. Only the identifiers are required. */
export interface RegionData {
  readonly keys?: readonly KeyData[] | undefined;
  readonly secrets?: readonly SecretData[] | undefined;
  readonly certificates?: readonly CertificateData[] | undefined;
}

export interface KeyData {
  readonly KeyId: string;
  /** Begins with `alias/`. */
  readonly Alias?: string | undefined;
  readonly Description?: string | undefined;
  readonly KeyState?: KeyState | undefined;
  readonly DKMSInstanceId?: string | undefined;
  readonly Policy?: PolicyData | undefined;
  readonly Tags?: Tags | undefined;
}

export interface SecretData {
  readonly SecretName: string;
  readonly Description?: string | undefined;
  readonly DKMSInstanceId?: string | undefined;
  readonly Policy?: PolicyData | undefined;
  readonly Tags?: Tags | undefined;
}

export interface CertificateData {
  readonly CertificateId: string;
  readonly Tags?: Tags | undefined;
}

/** What an emulated account holds: the shape of the `--data` file. Lists at the top belong to the first region. */
export interface AccountData extends RegionData {
  /** 16 digits. Left out: a random one, which lives as long as the emulator. */
  readonly AccountId?: string | undefined;
  /** By region ID: what other regions hold. */
  readonly regions?: Readonly<Record<string, RegionData>> | undefined;
  /** RAM policies, which are answered and not enforced. */
  readonly policies?: readonly RamPolicyData[] | undefined;
  /** RAM roles that can be assumed. */
  readonly roles?: readonly RoleData[] | undefined;
}

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
