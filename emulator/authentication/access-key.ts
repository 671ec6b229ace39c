import { assumptions } from '../assumptions.js';
import { gatewayRefusal } from '../refusal.js';
import { equalInConstantTime } from './constant-time.js';
import { type Identity, keyOwner } from './principal.js';

/** An access key; with a security token it is a session's, and requests must carry the token. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** The one access key that the emulated account has at a time. */
export interface AccessKeyHolder {
  readonly current: AccessKey;
  rotate(next: AccessKey): void;
  /** Throws `Error` when the current key has no token. */
  expireToken(): void;
  /**
   * Whose the key is. Throws `Refusal` unless it is the current one and the token the one that belongs to it.
   * Codes: InvalidAccessKeyId.NotFound, MissingSecurityToken, InvalidSecurityToken.*.
   */
  identify(accessKeyId: string, securityToken: string): Identity;
}

/** Holds `first` until it is rotated. A token that was current once and is no longer counts as expired. */
export function createAccessKeyHolder(first: AccessKey): AccessKeyHolder {
  let current = first;
  const expiredTokens = new Set<string>();
  const retire = (token: string | undefined) => {
    if (token !== undefined) {
      expiredTokens.add(token);
    }
  };
  const identity = (): Identity => ({
    principal: keyOwner(current.securityToken !== undefined),
    accessKeySecret: current.accessKeySecret,
  });
  return {
    get current() {
      return current;
    },
    rotate(next) {
      if (next.securityToken !== current.securityToken) {
        retire(current.securityToken);
      }
      current = next;
      expiredTokens.delete(next.securityToken ?? '');
    },
    expireToken() {
      if (current.securityToken === undefined) {
        throw new Error('The emulator has no security token that could expire: start it with `securityToken`.');
      }
      retire(current.securityToken);
    },
    identify(accessKeyId, securityToken) {
      if (!equalInConstantTime(accessKeyId, current.accessKeyId)) {
        throw gatewayRefusal('InvalidAccessKeyId.NotFound');
      }
      if (securityToken === '') {
        if (current.securityToken !== undefined) {
          throw gatewayRefusal('MissingSecurityToken');
        }
        return identity();
      }
      if (expiredTokens.has(securityToken)) {
        throw gatewayRefusal('InvalidSecurityToken.Expired');
      }
      checkTokenForm(securityToken);
      if (current.securityToken === undefined || !equalInConstantTime(securityToken, current.securityToken)) {
        throw gatewayRefusal('InvalidSecurityToken.MismatchWithAccessKey');
      }
      return identity();
    },
  };
}

/** Throws `Refusal` for what cannot be a security token. */
export function checkTokenForm(securityToken: string): void {
  if (!assumptions.securityTokenPattern.test(securityToken)) {
    throw gatewayRefusal('InvalidSecurityToken.Malformed');
  }
}
