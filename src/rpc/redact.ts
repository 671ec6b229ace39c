import type { Credentials } from '../credentials/credentials.js';
import { percentEncode } from './percent-encode.js';
import type { RpcFailure } from './rpc-error.js';

/** `SignatureDoesNotMatch` comes with the whole string to sign, which for HMAC-SHA1 holds the security token. */
const STRING_TO_SIGN = /(string to sign is:?).*$/is;
const SIGNATURE = /((?<![A-Za-z-])Signature(?:=|%3D|%253D))[^&,;\s"'<>]+/gi;
/** As JSON, a header or a log has it: only what is as long as a signature, for "Signature" is a word, too. */
const NAMED_SIGNATURE = /((?<![A-Za-z-])Signature\W{1,6})[\w+/=%-]{20,}/gi;
/** What is shorter is no secret, and would take ordinary words out of a message. */
const SHORTEST_SECRET = 8;
/** This much of a secret's beginning or end is cut out, too: a message may have been cut off, or have an ellipsis. */
const SHORTEST_PIECE = 12;

/** The failure without what the service's text repeats of our request: signature, token, secret. */
export function redactFailure(failure: RpcFailure, credentials: Credentials): RpcFailure {
  if (failure.kind !== 'service') return failure;
  const { code, message } = failure;
  return { ...failure, code: redact(code, credentials), message: redact(message, credentials) };
}

function redact(text: string, { accessKeySecret, securityToken = '' }: Credentials): string {
  let safe = text.replace(STRING_TO_SIGN, '$1 …').replace(SIGNATURE, '$1…').replace(NAMED_SIGNATURE, '$1…');
  for (const secret of [accessKeySecret, securityToken]) {
    if (secret.length < SHORTEST_SECRET) continue;
    const once = percentEncode(secret);
    for (const form of [secret, once, percentEncode(once)]) safe = withoutPieces(safe, form);
  }
  return safe;
}

/** The text without the secret, and without what it holds of the secret's beginning or end. */
function withoutPieces(text: string, secret: string): string {
  const backwards = withoutBeginnings(reversed(withoutBeginnings(text, secret)), reversed(secret));
  return reversed(backwards);
}

/** The text without the secret, whole or broken off. */
function withoutBeginnings(text: string, secret: string): string {
  const head = secret.slice(0, SHORTEST_PIECE);
  let safe = '';
  let rest = text;
  for (let at = rest.indexOf(head); at >= 0; at = rest.indexOf(head)) {
    let end = head.length;
    while (end < secret.length && rest[at + end] === secret[end]) end += 1;
    safe += `${rest.slice(0, at)}…`;
    rest = rest.slice(at + end);
  }
  return safe + rest;
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
