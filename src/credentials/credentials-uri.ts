import { parseJson } from '../base/json.js';
import { readSession } from './keys.js';
import type { Keys } from './lookup.js';
import { type CredentialNetwork, NetworkFailure } from './network.js';
import { UnusableSource } from './unusable-source.js';

/** What a credentials URI answers. The URI is never shown: it may hold a token. */
export async function uriSession(uri: string, network: CredentialNetwork): Promise<Keys> {
  try {
    const { status, body } = await network.exchange({ method: 'GET', url: uri });
    if (status !== 200) throw new UnusableSource(`the answer was HTTP ${status}`);
    const keys = readSession(parseJson(body.replace(/^\uFEFF/, '')));
    if (keys !== undefined) return keys;
  } catch (error) {
    throw error instanceof NetworkFailure ? new UnusableSource(error.message) : error;
  }
  throw new UnusableSource(
    'the reply holds no usable credentials (AccessKeyId, AccessKeySecret, SecurityToken, Expiration)',
  );
}

/** Whether `text` may be asked for credentials. */
export function isCredentialsUri(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//i.test(text);
}
