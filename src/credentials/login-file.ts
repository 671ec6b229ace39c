import { randomUUID } from 'node:crypto';
import { realpath, rename, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { parseJson } from '../base/json.js';
import { sleep } from '../base/sleep.js';
import { parseCliConfig } from './cli-config.js';
import type { OAuthTokens } from './lookup.js';
import { readTextFile } from './text-file.js';
import { UnusableSource } from './unusable-source.js';

const SHOWN = '~/.aliyun/config.json';
const LOOKS = 5;
const BETWEEN_LOOKS_MS = 100;

/**
 * An access token of an OAuth login that is still good: the one at hand, one that another program has put into the
 * CLI's file meanwhile, or a new one, which is put there. A refresh token is good once: where two programs use the same
 * one, the loser finds the winner's in the file.
 */
export async function renewLogin(
  path: string,
  profile: string,
  held: OAuthTokens,
  usable: (tokens: OAuthTokens) => string | undefined,
  renew: (refreshToken: string) => Promise<OAuthTokens>,
): Promise<string> {
  const atHand = usable(held);
  if (atHand !== undefined) return atHand;
  const stored = await readTokens(path, profile);
  const inFile = usable(stored);
  if (inFile !== undefined) return inFile;
  const refreshToken = stored.refreshToken ?? held.refreshToken;
  if (refreshToken === undefined)
    throw new UnusableSource('the login has ended: sign in again with `aliyun configure`');
  try {
    const renewed = await renew(refreshToken);
    await storeTokens(path, profile, renewed);
    return renewed.accessToken ?? '';
  } catch (error) {
    // The winner may still be writing.
    for (let look = 0; look < LOOKS; look += 1) {
      const others = usable(await readTokens(path, profile));
      if (others !== undefined) return others;
      await sleep(BETWEEN_LOOKS_MS, undefined);
    }
    throw error;
  }
}

async function readTokens(path: string, profile: string): Promise<OAuthTokens> {
  const file = await readTextFile(path, SHOWN);
  const found = file.kind === 'absent' ? undefined : parseCliConfig(file.text, SHOWN).find(profile);
  return {
    accessToken: found?.oauth_access_token,
    accessTokenEndsAt: found?.oauth_access_token_expire ?? 0,
    refreshToken: found?.oauth_refresh_token,
  };
}

const fileSchema = z.looseObject({ profiles: z.array(z.unknown()) });
const namedSchema = z.looseObject({ name: z.string() });

/** Everything else in the file stays as it is. Written whole and moved into place, so that nobody reads a half. */
async function storeTokens(path: string, profile: string, tokens: OAuthTokens): Promise<void> {
  const file = await readTextFile(path, SHOWN);
  const config = file.kind === 'absent' ? undefined : fileSchema.safeParse(parseJson(file.text)).data;
  if (config === undefined) throw new UnusableSource(`${SHOWN} was taken away or broken while its login was renewed`);
  const profiles = config.profiles.map((raw) => {
    const named = namedSchema.safeParse(raw).data;
    if (named?.name !== profile) return raw;
    return {
      ...named,
      oauth_access_token: tokens.accessToken,
      oauth_refresh_token: tokens.refreshToken,
      oauth_access_token_expire: Math.floor(tokens.accessTokenEndsAt / 1000),
    };
  });
  // The file itself, where the path is a link.
  const target = await realpath(path);
  const half = `${target}.${randomUUID()}.tmp`;
  try {
    await writeFile(half, `${JSON.stringify({ ...config, profiles }, null, '\t')}\n`, { mode: 0o600, flag: 'wx' });
    await rename(half, target);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}
