import type { Credentials } from '../credentials/credentials.js';
import { percentEncode } from './percent-encode.js';
import type { RpcFailure } from './rpc-error.js';

/** `SignatureDoesNotMatch` comes with the whole string to sign, which for HMAC-SHA1 holds the security token. */
const STRING_TO_SIGN = /(string to sign is:?).*$/is;
const SIGNATURE = /((?<![A-Za-z-])Signature(?:=|%3D|%253D))[^&,;\s"'<>]+/gi;
/** What is shorter is no secret, and would take ordinary words out of a message. */
const SHORTEST_SECRET = 8;

/** The failure without what the service's text repeats of our request: signature, token, secret. */
export function redactFailure(failure: RpcFailure, credentials: Credentials): RpcFailure {
  if (failure.kind !== 'service') return failure;
  const { code, message } = failure;
  return { ...failure, code: redact(code, credentials), message: redact(message, credentials) };
}

function redact(text: string, { accessKeySecret, securityToken = '' }: Credentials): string {
  let safe = text.replace(STRING_TO_SIGN, '$1 …').replace(SIGNATURE, '$1…');
  for (const secret of [accessKeySecret, securityToken]) {
    if (secret.length < SHORTEST_SECRET) continue;
    const once = percentEncode(secret);
    for (const form of [secret, once, percentEncode(once)]) safe = safe.replaceAll(form, '…');
  }
  return safe;
}
