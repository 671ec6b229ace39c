import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { errorCode } from '../base/error-code.js';
import { parseJson } from '../base/json.js';
import type { Credentials } from './credentials.js';
import { readSession } from './keys.js';
import type { Identity, Keys, StsSettings } from './lookup.js';
import { type CredentialNetwork, NetworkFailure } from './network.js';
import { UnusableSource } from './unusable-source.js';

const VERSION = '2015-04-01';
const DEFAULT_SECONDS = 3600;
const DEFAULT_SESSION_NAME = 'alicloud-kms-tags-mcp';
const NO_SESSION = 'the Security Token Service gave no session for';

const replySchema = z.object({ Credentials: z.unknown() });

/** Assumes a RAM role. https://help.aliyun.com/en/ram/developer-reference/api-sts-2015-04-01-assumerole */
export async function assumeRole(
  identity: Extract<Identity, { kind: 'RAM role' }>,
  credentials: Credentials,
  network: CredentialNetwork,
): Promise<Keys> {
  const { roleArn, externalId, policy, sts } = identity;
  const parameters = {
    ...roleParameters(roleArn, sts),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...(policy === undefined ? {} : { Policy: policy }),
  };
  try {
    const body = await network.call({
      origin: stsOrigin(sts),
      version: VERSION,
      action: 'AssumeRole',
      parameters,
      credentials,
    });
    return sessionOf(body, 'the role');
  } catch (error) {
    throw refused(error, 'the role');
  }
}

/** Assumes a RAM role with the OIDC token in a file, which Kubernetes renews: it is read each time. */
export async function assumeRoleWithOidc(
  identity: Extract<Identity, { kind: 'OIDC role' }>,
  network: CredentialNetwork,
): Promise<Keys> {
  const { roleArn, providerArn, tokenFile, sts } = identity;
  const token = await readFile(tokenFile, 'utf8').catch((error: unknown) => {
    throw new UnusableSource(`the OIDC token file cannot be read (${errorCode(error) ?? 'unknown reason'})`);
  });
  const query = new URLSearchParams({
    Action: 'AssumeRoleWithOIDC',
    Format: 'JSON',
    Version: VERSION,
    Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    SignatureNonce: randomUUID(),
  });
  const form = new URLSearchParams({
    ...roleParameters(roleArn, sts),
    OIDCProviderArn: providerArn,
    OIDCToken: token.trim(),
  });
  try {
    const { status, body } = await network.exchange({
      method: 'POST',
      url: `${stsOrigin(sts)}/?${query}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const reply = parseJson(body);
    if (status !== 200) {
      const code = z.object({ Code: z.string() }).safeParse(reply).data?.Code;
      throw new NetworkFailure(`the answer was HTTP ${status}`, code);
    }
    return sessionOf(reply, 'the OIDC token');
  } catch (error) {
    throw refused(error, 'the OIDC token');
  }
}

function roleParameters(roleArn: string, { sessionName, duration }: StsSettings) {
  return {
    RoleArn: roleArn,
    RoleSessionName: sessionName ?? DEFAULT_SESSION_NAME,
    DurationSeconds: String(duration ?? DEFAULT_SECONDS),
  };
}

function stsOrigin({ origin, regionId, vpc }: StsSettings): string {
  if (origin !== undefined) return origin;
  if (regionId === undefined) return 'https://sts.aliyuncs.com';
  return `https://${vpc === true ? 'sts-vpc' : 'sts'}.${regionId}.aliyuncs.com`;
}

function sessionOf(reply: unknown, what: string): Keys {
  const keys = readSession(replySchema.safeParse(reply).data?.Credentials);
  if (keys === undefined) throw new UnusableSource(`${NO_SESSION} ${what}`);
  return keys;
}

/** A code is shown when it has the form of one: it comes from outside, and a secret may stand in its place. */
function refused(error: unknown, what: string): unknown {
  if (!(error instanceof NetworkFailure)) return error;
  const { code, message } = error;
  if (code === undefined) return new UnusableSource(message);
  if (code === 'SignatureDoesNotMatch') return new UnusableSource('the AccessKey secret is not the right one');
  const isCode = /^[A-Z][A-Za-z]{2,40}(?:\.[A-Z][A-Za-z]{2,40}){0,2}$/.test(code);
  return new UnusableSource(isCode ? `the Security Token Service refused: ${code}` : `${NO_SESSION} ${what}`);
}
