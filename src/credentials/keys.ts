import * as z from 'zod';
import type { Keys } from './lookup.js';
import { UnusableSource } from './unusable-source.js';

const text = z.string().trim().min(1);

/** The form in which STS, CloudSSO and a credentials URI hand out a session. */
const sessionSchema = z.object({
  AccessKeyId: text,
  AccessKeySecret: text,
  SecurityToken: text,
  Expiration: text.transform((value) => Date.parse(value)).refine((time) => !Number.isNaN(time)),
});

/** The keys of a session, or undefined where one of its four fields has no usable value. */
export function readSession(reply: unknown): Keys | undefined {
  const session = sessionSchema.safeParse(reply).data;
  if (session === undefined) return undefined;
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = session;
  return {
    accessKeyId: AccessKeyId,
    accessKeySecret: AccessKeySecret,
    securityToken: SecurityToken,
    endsAt: Expiration,
  };
}

/** Keys without an end, as some commands print them, are asked for again after this long. */
const REUSE_MS = 60_000;
/** Renewed this long before the end, or after three quarters of a session that is shorter than four times this. */
const AHEAD_MS = 15 * 60_000;
/** A renewal that failed while the session is still good is tried again after this long. */
const PAUSE_MS = 30_000;

/**
 * Keeps what `ask` gave until it should be renewed. While a session is still good, a renewal that fails is no failure.
 */
export function renewing(ask: () => Promise<Keys>, now: () => number = Date.now): () => Promise<Keys> {
  let kept: { readonly keys: Keys; readonly renewAt: number; readonly endsAt: number } | undefined;
  return async () => {
    const asked = now();
    if (kept !== undefined && asked < kept.renewAt) return kept.keys;
    try {
      const keys = await ask();
      const endsAt = keys.endsAt ?? asked + REUSE_MS;
      const ahead = keys.endsAt === undefined ? 0 : Math.min(AHEAD_MS, (endsAt - asked) / 4);
      if (keys.endsAt !== undefined && endsAt <= asked)
        throw new UnusableSource('the session that was handed out has ended already');
      kept = { keys, renewAt: endsAt - ahead, endsAt };
      return keys;
    } catch (error) {
      if (kept === undefined || now() >= kept.endsAt) throw error;
      kept = { ...kept, renewAt: Math.min(now() + PAUSE_MS, kept.endsAt) };
      return kept.keys;
    }
  };
}
