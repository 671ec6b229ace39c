import { type Environment, readVariable, SettingError } from '../base/setting.js';
import type { Credentials } from './credentials.js';
import { CredentialsError } from './credentials.js';
import { isWireSafe } from './wire-text.js';

const ID = 'ALIBABA_CLOUD_ACCESS_KEY_ID';
const SECRET = 'ALIBABA_CLOUD_ACCESS_KEY_SECRET';
const TOKEN = 'ALIBABA_CLOUD_SECURITY_TOKEN';

/** Whether a switch of the official chain is on: the word `true` in any case. @throws SettingError */
export function isSwitchedOn(env: Environment, name: string): boolean {
  return readVariable(env, name)?.toLowerCase() === 'true';
}

/**
 * The credentials in the environment variables, `undefined` when neither id nor secret is set.
 *
 * @throws CredentialsError when one of the two is missing, holds an unresolved placeholder, or could not be sent as it
 *   is. Half an identity is an error and not "absent": going on would act as somebody else.
 */
export function environmentCredentials(env: Environment): Credentials | undefined {
  const [accessKeyId, accessKeySecret, securityToken] = [read(env, ID), read(env, SECRET), read(env, TOKEN)];
  if (accessKeyId === undefined && accessKeySecret === undefined) return undefined;
  if (accessKeyId === undefined) throw new CredentialsError(halfSet(SECRET, ID));
  if (accessKeySecret === undefined) throw new CredentialsError(halfSet(ID, SECRET));
  return {
    accessKeyId,
    accessKeySecret,
    ...(securityToken === undefined ? {} : { securityToken }),
    source: 'environment variables',
  };
}

function read(env: Environment, name: string): string | undefined {
  const value = placeholderFree(env, name);
  if (value === undefined || isWireSafe(value)) return value;
  throw new CredentialsError(
    `${name} cannot be used: it contains a space, a control character or a non-ASCII character. Set it again.`,
  );
}

function placeholderFree(env: Environment, name: string): string | undefined {
  try {
    return readVariable(env, name);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new CredentialsError(`${error.message}. Set it to a value, or leave it out.`);
  }
}

function halfSet(present: string, missing: string): string {
  return `${present} is set but ${missing} is missing. Set both, or neither to use another source of credentials.`;
}
