import type { Credentials } from './credentials.js';
import { CredentialsError } from './credentials.js';
import { isWireSafe } from './wire-text.js';

const ID = 'ALIBABA_CLOUD_ACCESS_KEY_ID';
const SECRET = 'ALIBABA_CLOUD_ACCESS_KEY_SECRET';
const TOKEN = 'ALIBABA_CLOUD_SECURITY_TOKEN';

// MCPB hosts pass the manifest's placeholder as it stands when the user left the field empty.
const PLACEHOLDER = /^\$\{user_config\.[^}]*\}$/;

/** A setting without surrounding white space; `undefined` when unset, empty or a host's placeholder. */
export function plainSetting(value: string | undefined): string | undefined {
  const plain = value?.trim();
  return plain === undefined || plain === '' || PLACEHOLDER.test(plain) ? undefined : plain;
}

/** The value of a variable, as {@link plainSetting} has it. */
export function readVariable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return plainSetting(env[name]);
}

/** Whether a switch of the official chain is on: the word `true` in any case. */
export function isSwitchedOn(env: NodeJS.ProcessEnv, name: string): boolean {
  return readVariable(env, name)?.toLowerCase() === 'true';
}

/**
 * The credentials in the environment variables, `undefined` when neither id nor secret is set.
 *
 * @throws CredentialsError when one of the two is missing, or a value could not be sent as it is. Half an identity is
 *   an error and not "absent": going on would act as somebody else.
 */
export function environmentCredentials(env: NodeJS.ProcessEnv): Credentials | undefined {
  const accessKeyId = readVariable(env, ID);
  const accessKeySecret = readVariable(env, SECRET);
  const securityToken = readVariable(env, TOKEN);
  if (accessKeyId === undefined && accessKeySecret === undefined) return undefined;
  if (accessKeyId === undefined) throw new CredentialsError(halfSet(SECRET, ID));
  if (accessKeySecret === undefined) throw new CredentialsError(halfSet(ID, SECRET));
  const values: readonly (readonly [string, string | undefined])[] = [
    [ID, accessKeyId],
    [SECRET, accessKeySecret],
    [TOKEN, securityToken],
  ];
  for (const [name, value] of values) {
    if (value !== undefined && !isWireSafe(value)) {
      throw new CredentialsError(
        `${name} cannot be used: it contains a space, a control character or a non-ASCII character. Set it again.`,
      );
    }
  }
  return {
    accessKeyId,
    accessKeySecret,
    ...(securityToken === undefined ? {} : { securityToken }),
    source: 'environment variables',
  };
}

function halfSet(present: string, missing: string): string {
  return `${present} is set but ${missing} is missing. Set both, or neither to use another source of credentials.`;
}
