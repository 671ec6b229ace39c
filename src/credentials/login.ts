import * as z from 'zod';
import { parseJson } from '../base/json.js';
import { readSession } from './keys.js';
import { renewLogin } from './login-file.js';
import type { Identity, Keys, OAuthTokens } from './lookup.js';
import { type CredentialNetwork, NetworkFailure, type PlainRequest } from './network.js';
import { UnusableSource } from './unusable-source.js';

const SIGN_IN = 'sign in again with `aliyun configure`';
const REFUSED = /^(?:400|401|403)$/;

/** A session for a CloudSSO login. Shape: aliyun-cli, cloudsso/refresh.go. */
export async function cloudSsoSession(
  identity: Extract<Identity, { kind: 'CloudSSO login' }>,
  network: CredentialNetwork,
): Promise<Keys> {
  const { origin, accountId, accessConfig, accessToken } = identity;
  const reply = await ask(network, {
    method: 'POST',
    url: `${origin}/cloud-credentials`,
    headers: { accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ AccountId: accountId, AccessConfigurationId: accessConfig }),
  });
  const keys = readSession(z.object({ CloudCredential: z.unknown() }).safeParse(reply).data?.CloudCredential);
  if (keys === undefined) throw new UnusableSource(`the sign-in service gave no session: ${SIGN_IN}`);
  return keys;
}

/** Of the CLI itself: aliyun-cli, config/configure.go. */
const OAUTH: Readonly<Record<'CN' | 'INTL', { readonly origin: string; readonly clientId: string }>> = {
  CN: { origin: 'https://oauth.aliyun.com', clientId: '4038181954557748008' },
  INTL: { origin: 'https://oauth.alibabacloud.com', clientId: '4103531455503354461' },
};
/** An access token that ends sooner is renewed before it is used. */
const LEAST_MS = 20 * 60_000;

const exchangeSchema = z.object({
  accessKeyId: z.string(),
  accessKeySecret: z.string(),
  securityToken: z.string(),
  expiration: z.string(),
});
const tokenSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.number().positive().catch(3600),
});

/** A session for an OAuth login. A renewed token is written into the CLI's file, since the old one is void from then on. */
export async function oauthSession(
  identity: Extract<Identity, { kind: 'OAuth login' }>,
  network: CredentialNetwork,
): Promise<Keys> {
  const { origin } = OAUTH[identity.site];
  const accessToken = await currentAccessToken(identity, network);
  const reply = await ask(network, {
    method: 'POST',
    url: `${origin}/v1/exchange`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
  });
  const session = exchangeSchema.safeParse(reply).data;
  const keys = readSession(
    session && {
      AccessKeyId: session.accessKeyId,
      AccessKeySecret: session.accessKeySecret,
      SecurityToken: session.securityToken,
      Expiration: session.expiration,
    },
  );
  if (keys === undefined) throw new UnusableSource(`the sign-in service gave no session: ${SIGN_IN}`);
  return keys;
}

async function currentAccessToken(
  { profile, site, tokens, configFile }: Extract<Identity, { kind: 'OAuth login' }>,
  network: CredentialNetwork,
): Promise<string> {
  const { origin, clientId } = OAUTH[site];
  const usable = ({ accessToken, accessTokenEndsAt }: OAuthTokens): string | undefined =>
    accessTokenEndsAt - Date.now() > LEAST_MS ? accessToken : undefined;
  return renewLogin(configFile, profile, tokens, usable, async (refreshToken) => {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    });
    const reply = await ask(network, {
      method: 'POST',
      url: `${origin}/v1/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const renewed = tokenSchema.safeParse(reply).data;
    if (renewed === undefined) throw new UnusableSource(`the sign-in service gave no new token: ${SIGN_IN}`);
    return {
      accessToken: renewed.access_token,
      refreshToken: renewed.refresh_token,
      accessTokenEndsAt: Date.now() + renewed.expires_in * 1000,
    };
  });
}

async function ask(network: CredentialNetwork, request: PlainRequest): Promise<unknown> {
  try {
    const { status, body } = await network.exchange(request);
    if (REFUSED.test(String(status)))
      throw new UnusableSource(`the login is no longer good (HTTP ${status}): ${SIGN_IN}`);
    if (status !== 200) throw new UnusableSource(`the sign-in service answered HTTP ${status}`);
    return parseJson(body);
  } catch (error) {
    throw error instanceof NetworkFailure ? new UnusableSource(error.message) : error;
  }
}
