import * as z from 'zod';
import { parseJson } from '../base/json.js';
import { quote } from '../base/quote.js';
import { UnusableSource } from './unusable-source.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

// The CLI writes 0 for "not set"; STS accepts no session shorter than 900 seconds.
const seconds = z
  .number()
  .int()
  .refine((value) => value === 0 || value >= 900)
  .nullish()
  .transform((value) => value || undefined);

/** Seconds since the epoch in the file, milliseconds here; 0 for "not set". */
const time = z
  .number()
  .nullish()
  .transform((value) => (value ?? 0) * 1000);

// The CLI takes a scheme off, and speaks https in any case.
const hostName = text
  .transform((value) => value?.replace(/^https:\/\//i, '').replace(/\/$/, ''))
  .refine((value) => value === undefined || /^[A-Za-z0-9.-]+(:\d+)?$/.test(value));

const profileSchema = z.object({
  name: z.string(),
  mode: text,
  access_key_id: text,
  access_key_secret: text,
  sts_token: text,
  sts_expiration: time,
  ram_role_arn: text,
  ram_role_name: text,
  ram_session_name: text,
  external_id: text,
  source_profile: text,
  expired_seconds: seconds,
  duration_seconds: seconds,
  sts_region: hostName,
  sts_endpoint: hostName,
  enable_vpc: z.boolean().nullish(),
  oidc_provider_arn: text,
  oidc_token_file: text,
  process_command: text,
  credentials_uri: text,
  cloud_sso_sign_in_url: text,
  cloud_sso_account_id: text,
  cloud_sso_access_config: text,
  cloud_sso_access_token_expire: time,
  access_token: text,
  oauth_site_type: text,
  oauth_access_token: text,
  oauth_access_token_expire: time,
  oauth_refresh_token: text,
  private_key: text,
  key_pair_name: text,
  bearer_token: text,
});

const configSchema = z.object({ current: text, profiles: z.array(z.unknown()).nullish() });

/** A profile of the aliyun CLI; only the fields that are used here. */
export type CliProfile = z.output<typeof profileSchema>;

/** The aliyun CLI's `config.json`. Each profile is checked when it is asked for: one broken profile spoils no other. */
export interface CliConfig {
  readonly current: string | undefined;
  /** `undefined` when there is no such profile. Throws UnusableSource when it is broken. */
  find(name: string): CliProfile | undefined;
}

/**
 * Parses the text of `~/.aliyun/config.json` (shape: aliyun-cli, config/configuration.go).
 *
 * @param shown how the file is called in messages.
 * @throws UnusableSource naming the file and at most a field, never its content.
 */
export function parseCliConfig(content: string, shown: string): CliConfig {
  const json = parseJson(content);
  if (json === undefined) throw new UnusableSource(`${shown} is not valid JSON`);
  const config = configSchema.safeParse(json);
  if (!config.success) throw new UnusableSource(`${shown} does not have the shape of an aliyun CLI configuration`);
  const named = z.object({ name: z.string() });
  return {
    current: config.data.current,
    find(name) {
      const raw = config.data.profiles?.find((profile) => named.safeParse(profile).data?.name === name);
      return raw === undefined ? undefined : readProfile(raw, `CLI profile ${quote(name)} in ${shown}`);
    },
  };
}

/** A profile, checked. `shown` is how it is called in messages. @throws UnusableSource */
function readProfile(raw: unknown, shown: string): CliProfile {
  const profile = profileSchema.safeParse(raw);
  if (profile.success) return profile.data;
  // The path comes from our schema, so it is a field's name and never a value.
  const field = String(profile.error.issues[0]?.path[0] ?? 'name');
  throw new UnusableSource(`the field ${field} of ${shown} has no usable value`);
}

const outputSchema = z.looseObject({ expiration: z.string().nullish() });

/**
 * What the command of an `External` profile printed: fields of a profile, and when its keys end, in milliseconds since
 * the epoch. @throws UnusableSource
 */
export function parseCommandOutput(output: string): {
  readonly profile: CliProfile;
  readonly endsAt: number | undefined;
} {
  const fields = outputSchema.safeParse(parseJson(output.replace(/^\uFEFF/, ''))).data;
  if (fields === undefined) throw new UnusableSource('its process_command did not print a JSON object');
  const endsAt = fields.expiration ? Date.parse(fields.expiration) : Number.NaN;
  const profile = readProfile({ ...fields, name: '' }, 'the output of its process_command');
  return { profile, endsAt: Number.isNaN(endsAt) ? undefined : endsAt };
}
