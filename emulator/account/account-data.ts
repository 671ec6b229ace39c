import * as z from 'zod';

type Tags = Record<string, string>;

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport';

/** What an emulated account holds: the shape of the `--data` file. Only the identifiers are required. */
export interface AccountData {
  /** 16 digits. Left out: a random one, which lives as long as the emulator. */
  readonly AccountId?: string | undefined;
  readonly keys?:
    | {
        readonly KeyId: string;
        /** Begins with `alias/`. */
        readonly Alias?: string | undefined;
        readonly Description?: string | undefined;
        readonly KeyState?: KeyState | undefined;
        readonly Tags?: Tags | undefined;
      }[]
    | undefined;
  readonly secrets?:
    | { readonly SecretName: string; readonly Description?: string | undefined; readonly Tags?: Tags | undefined }[]
    | undefined;
  readonly certificates?: { readonly CertificateId: string; readonly Tags?: Tags | undefined }[] | undefined;
}

const tags = z.record(z.string().min(1), z.string());

const accountData: z.ZodType<AccountData> = z.strictObject({
  AccountId: z
    .string()
    .regex(/^\d{16}$/, 'must be 16 digits')
    .optional(),
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
        Tags: tags.optional(),
      }),
    )
    .optional(),
  secrets: z
    .array(
      z.strictObject({
        SecretName: z.string().min(1),
        Description: z.string().optional(),
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
  checkUnique('keys', 'KeyId', parsed.data.keys?.map((key) => key.KeyId) ?? []);
  checkUnique('keys', 'Alias', parsed.data.keys?.flatMap((key) => key.Alias ?? []) ?? []);
  checkUnique('secrets', 'SecretName', parsed.data.secrets?.map((secret) => secret.SecretName) ?? []);
  checkUnique('certificates', 'CertificateId', parsed.data.certificates?.map((one) => one.CertificateId) ?? []);
  return parsed.data;
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
