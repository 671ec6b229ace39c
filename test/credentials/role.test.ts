import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CANARY, canariesIn, everythingOf } from './canary.js';
import { environment, openSource, portOf, type TempHome, tempHome } from './temp-home.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const Credentials = {
  AccessKeyId: 'STS.id',
  AccessKeySecret: 'sts-secret',
  SecurityToken: 'sts-token',
  Expiration: '2999-01-01T00:00:00Z',
};

/** A Security Token Service on loopback with a certificate of its own; gives its host and what it was asked. */
async function serveSts(home: TempHome, answer: (asked: URLSearchParams) => { status: number; body: unknown }) {
  const [key, cert] = [join(home.path, 'key.pem'), join(home.path, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-days', '1'];
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]);
  const asked: URLSearchParams[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    let form = '';
    request.on('data', (chunk) => {
      form += chunk;
    });
    request.on('end', () => {
      const all = new URLSearchParams(`${new URL(`https://x${request.url}`).searchParams}&${form}`);
      asked.push(all);
      headers.push(request.headers);
      const { status, body } = answer(all);
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ RequestId: 'r-1', ...Object(body) }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { host: `127.0.0.1:${portOf(server.address())}`, asked, headers };
}

describe.runIf(hasOpenssl)('a role', () => {
  beforeEach(() => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('of a CLI profile is assumed with the key and the external id of the profile', async () => {
    const home = await tempHome();
    const sts = await serveSts(home, () => ({ status: 200, body: { Credentials } }));
    const role = { mode: 'RamRoleArn', ram_role_arn: 'acs:ram::1:role/r', external_id: 'ext', sts_endpoint: sts.host };
    const key = { access_key_id: 'id', access_key_secret: 'secret' };
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...role, ...key, expired_seconds: 900 }] });
    expect(await openSource({ env: environment(), home: home.path }).get()).toEqual({
      accessKeyId: 'STS.id',
      accessKeySecret: 'sts-secret',
      securityToken: 'sts-token',
      source: 'CLI profile "me"',
    });
    expect(sts.headers[0]).toMatchObject({ 'x-acs-action': 'AssumeRole', 'x-acs-version': '2015-04-01' });
    expect(sts.headers[0]?.authorization).toMatch(/^ACS3-HMAC-SHA256 Credential=id,/);
    expect(Object.fromEntries(sts.asked[0] ?? [])).toMatchObject({
      RoleSessionName: 'alicloud-kms-tags-mcp',
      RoleArn: 'acs:ram::1:role/r',
      ExternalId: 'ext',
      DurationSeconds: '900',
    });
  });

  it('of a chained profile is assumed by the profile that it names', async () => {
    const home = await tempHome();
    const sts = await serveSts(home, () => ({ status: 200, body: { Credentials } }));
    const role = { mode: 'ChainableRamRoleArn', ram_role_arn: 'r', sts_endpoint: sts.host, source_profile: 'base' };
    const base = {
      name: 'base',
      mode: 'StsToken',
      access_key_id: 'b',
      access_key_secret: 's',
      sts_token: 'base-token',
    };
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...role }, base] });
    expect((await openSource({ env: environment(), home: home.path }).get()).accessKeyId).toBe('STS.id');
    expect(sts.headers[0]).toMatchObject({ 'x-acs-security-token': 'base-token' });
    expect(sts.headers[0]?.authorization).toMatch(/ Credential=b,/);
  });

  it('is assumed with the OIDC token in the file that the profile names', async () => {
    const home = await tempHome();
    const sts = await serveSts(home, () => ({ status: 200, body: { Credentials } }));
    const tokenFile = join(home.path, 'oidc-token');
    await writeFile(tokenFile, 'oidc.token');
    const oidc = { mode: 'OIDC', ram_role_arn: 'r', oidc_provider_arn: 'p', oidc_token_file: tokenFile };
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...oidc, sts_endpoint: sts.host }] });
    expect((await openSource({ env: environment(), home: home.path }).get()).accessKeyId).toBe('STS.id');
    expect(sts.asked[0]?.get('OIDCToken')).toBe('oidc.token');
  });

  it.each([
    ['a refusal', 403, { Code: 'NoPermission', Message: CANARY.secret }, 'refused: NoPermission'],
    ['a refusal without a message', 403, { Code: 'EntityNotExist.Role', Token: CANARY.token }, 'CLI profile "me"'],
    ['a secret in the place of the code', 400, { Code: CANARY.secret, Message: 'x' }, 'CLI profile "me"'],
    ['half a session', 200, { Credentials: { AccessKeyId: 'x', AccessKeySecret: CANARY.secret } }, 'gave no session'],
  ])('that is answered with %s fails without the words of the reply', async (_, status, body, message) => {
    const home = await tempHome();
    const sts = await serveSts(home, () => ({ status, body }));
    const role = { mode: 'RamRoleArn', ram_role_arn: 'r', sts_endpoint: sts.host };
    const key = { access_key_id: 'id', access_key_secret: CANARY.secret };
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...role, ...key }] });
    const error = await openSource({ env: environment(), home: home.path })
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'CredentialsError', message: expect.stringContaining(message) });
    expect(canariesIn(everythingOf(error))).toEqual([]);
  });
});
