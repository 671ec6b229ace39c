import { randomBytes } from 'node:crypto';
import { gatewayRefusal } from '../refusal.js';
import { checkTokenForm } from './access-key.js';
import { equalInConstantTime } from './constant-time.js';
import type { Identity, SessionPrincipal } from './principal.js';

/** Temporary credentials as AssumeRole hands them out. */
export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/** The temporary credentials that the account gave out. */
export interface SessionStore {
  issue(principal: SessionPrincipal, expiresAt: number): TemporaryCredentials;
  /**
   * Whose credentials they are; undefined for an access key that is none of theirs. Throws `Refusal` for a token that
   * does not belong to it, and once they have expired.
   */
  identify(accessKeyId: string, securityToken: string, now: number): Identity | undefined;
  /** From now on the sessions of this name, or all, are expired. How many there were. */
  expire(sessionName?: string): number;
}

interface Session extends TemporaryCredentials {
  readonly principal: SessionPrincipal;
  isExpired: boolean;
}

/** The oldest session is forgotten when there are more than `capacity`. */
export function createSessionStore(capacity = 10_000): SessionStore {
  const sessions = new Map<string, Session>();
  return {
    issue(principal, expiresAt) {
      const credentials = {
        accessKeyId: `STS.${randomBytes(18).toString('hex')}`,
        accessKeySecret: randomBytes(33).toString('base64url'),
        securityToken: randomBytes(96).toString('base64'),
        expiresAt,
      };
      sessions.set(credentials.accessKeyId, { ...credentials, principal, isExpired: false });
      for (const oldest of sessions.keys()) {
        if (sessions.size <= capacity) {
          break;
        }
        sessions.delete(oldest);
      }
      return credentials;
    },
    identify(accessKeyId, securityToken, now) {
      const session = sessions.get(accessKeyId);
      if (session === undefined) {
        return undefined;
      }
      if (securityToken === '') {
        throw gatewayRefusal('MissingSecurityToken');
      }
      checkTokenForm(securityToken);
      if (!equalInConstantTime(securityToken, session.securityToken)) {
        throw gatewayRefusal('InvalidSecurityToken.MismatchWithAccessKey');
      }
      if (session.isExpired || now >= session.expiresAt) {
        throw gatewayRefusal('InvalidSecurityToken.Expired');
      }
      return session;
    },
    expire(sessionName) {
      const found = [...sessions.values()].filter(
        ({ principal }) => sessionName === undefined || principal.sessionName === sessionName,
      );
      for (const session of found) {
        session.isExpired = true;
      }
      return found.length;
    },
  };
}
