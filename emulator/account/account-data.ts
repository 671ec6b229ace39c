type Tags = Record<string, string>;

/** A policy's document. A string is answered as it is, so that it may be one that no client can parse. */
export type PolicyData = string | Readonly<Record<string, unknown>>;

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

/** To whom a policy is attached, by name. */
export interface AttachmentData {
  readonly Users?: readonly string[] | undefined;
  readonly Groups?: readonly string[] | undefined;
  readonly Roles?: readonly string[] | undefined;
}

/** A RAM policy. What is attached in the whole account stands in it, what in a resource group alone under its ID. */
export interface RamPolicyData extends AttachmentData {
  readonly PolicyName: string;
  /** Default Custom. */
  readonly PolicyType?: 'Custom' | 'System' | undefined;
  readonly Description?: string | undefined;
  readonly PolicyDocument: PolicyData;
  readonly ResourceGroups?: Readonly<Record<string, AttachmentData>> | undefined;
}

/** A RAM role that can be assumed. */
export interface RoleData {
  readonly RoleName: string;
  /** Who may assume it. Left out: every user and role of the account. */
  readonly AssumeRolePolicyDocument?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds, 3600 to 43200. Default 3600. */
  readonly MaxSessionDuration?: number | undefined;
}

/** A policy's document as the API answers it. */
export function policyText(document: PolicyData): string {
  return typeof document === 'string' ? document : JSON.stringify(document);
}
