import * as z from 'zod';
import { UnusableSource } from './lookup.js';
import { quoteName } from './wire-text.js';

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

const hostName = text.refine((value) => value === undefined || /^[A-Za-z0-9.-]+(:\d+)?$/.test(value));

const profileSchema = z.object({
  name: z.string(),
  mode: text,
  access_key_id: text,
  access_key_secret: text,
  sts_token: text,
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
  const config = configSchema.safeParse(parseJson(content, shown));
  if (!config.success) throw new UnusableSource(`${shown} does not have the shape of an aliyun CLI configuration`);
  const named = z.object({ name: z.string() });
  return {
    current: config.data.current,
    find(name) {
      const raw = config.data.profiles?.find((profile) => named.safeParse(profile).data?.name === name);
      if (raw === undefined) return undefined;
      const profile = profileSchema.safeParse(raw);
      if (profile.success) return profile.data;
      // The path comes from our schema, so it is a field's name and never a value.
      const field = String(profile.error.issues[0]?.path[0] ?? 'name');
      throw new UnusableSource(`the field ${field} of CLI profile ${quoteName(name)} in ${shown} has no usable value`);
    },
  };
}

function parseJson(content: string, shown: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own message quotes the text around the mistake, which may be a secret.
    throw new UnusableSource(`${shown} is not valid JSON`);
  }
}
