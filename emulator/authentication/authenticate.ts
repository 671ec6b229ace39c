import { assumptions } from '../assumptions.js';
import { gatewayRefusal } from '../refusal.js';
import type { WireRequest } from '../wire-request.js';
import type { AccessKeyHolder } from './access-key.js';
import { readAcs3Signature } from './acs3-signature.js';
import type { NonceStore } from './nonce-store.js';
import type { Principal } from './principal.js';
import { readRpcSignature } from './rpc-signature.js';
import type { SessionStore } from './session-store.js';

export interface AuthenticationState {
  readonly accessKeys: AccessKeyHolder;
  readonly nonces: NonceStore;
  readonly sessions: SessionStore;
}

/**
 * Who makes the request. Throws `Refusal` unless it is signed with the account's access key or with credentials
 * of a session, now, and for the first time.
 * `now` in milliseconds. The nonce is looked at last: only a request that is genuine may use one up.
 */
export function authenticate(
  request: WireRequest,
  { accessKeys, sessions, nonces }: AuthenticationState,
  now: number,
): Principal {
  const signed = request.scheme === 'v3' ? readAcs3Signature(request) : readRpcSignature(request);
  checkTimestamp(signed.timestamp, now);
  const { accessKeyId, securityToken } = signed;
  const { principal, accessKeySecret } =
    sessions.identify(accessKeyId, securityToken, now) ?? accessKeys.identify(accessKeyId, securityToken);
  const { matches, stringToSign } = signed.verify(accessKeySecret);
  if (!matches) {
    throw gatewayRefusal(
      'SignatureDoesNotMatch',
      `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`,
    );
  }
  if (!nonces.admit(signed.nonce, now)) {
    throw gatewayRefusal('SignatureNonceUsed');
  }
  return principal;
}

function checkTimestamp(timestamp: string, now: number): void {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at)) {
    throw gatewayRefusal('InvalidTimeStamp.Format');
  }
  if (Math.abs(now - at) > assumptions.timeWindowMs) {
    throw gatewayRefusal('InvalidTimeStamp.Expired');
  }
}
