import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect as connectSocket, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { connect } from '../support/program.js';
import { SAMPLE_KEY } from '../support/running-emulator.js';
import { listenForOneTest, portOf } from '../support/upstream.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const HOSTS = ['sts.aliyuncs.com', 'oauth.aliyun.com', 'signin.example.com', 'keys.example.com'];
const KEYS = { AccessKeyId: 'STS.id', AccessKeySecret: 'sts-secret', SecurityToken: 'sts-token' };
const SESSION = { ...KEYS, Expiration: '2999-01-01T00:00:00Z' };
const later = Math.floor(Date.now() / 1000) + 7_200;

/** What the services behind the proxy answer, by path. */
function answer(host: string, path: string, body: string): object | undefined {
  if (host === 'sts.aliyuncs.com') return { RequestId: 'r-1', Credentials: SESSION };
  if (host === 'keys.example.com') return SESSION;
  if (path === '/cloud-credentials') {
    const isAsked = body === '{"AccountId":"1","AccessConfigurationId":"ac-1"}';
    return isAsked ? { CloudCredential: SESSION } : undefined;
  }
  if (path === '/v1/token') return { access_token: 'new-access', refresh_token: 'new-refresh', expires_in: 10_800 };
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken } = KEYS;
  return { accessKeyId, accessKeySecret, securityToken, expiration: SESSION.Expiration };
}

const key = { access_key_id: 'id', access_key_secret: 'secret' };
const oauth = {
  mode: 'OAuth',
  oauth_site_type: 'CN',
  oauth_access_token: 'old-access',
  oauth_refresh_token: 'old-refresh',
};
const cloudSso = {
  mode: 'CloudSSO',
  cloud_sso_sign_in_url: 'https://signin.example.com/start/login',
  cloud_sso_account_id: '1',
  cloud_sso_access_config: 'ac-1',
  access_token: 'sso-token',
  cloud_sso_access_token_expire: later,
};

describe.skipIf(!hasOpenssl)('behind a proxy and a company CA', () => {
  const directory = mkdtempSync(join(tmpdir(), 'by-proxy-'));
  const [cert, secret] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  beforeAll(() => {
    const names = `subjectAltName=${HOSTS.map((host) => `DNS:${host}`).join(',')}`;
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...request, '-subj', '/CN=test', '-addext', names, '-out', cert, '-keyout', secret], {
      stdio: 'ignore',
    });
    writeFileSync(join(directory, 'oidc-token'), 'oidc.token\n');
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** A proxy before services that hand out keys, the emulator that knows those keys, and a home with a profile. */
  async function openScene(profile: object, status = 200) {
    const asked: string[] = [];
    const services = createTlsServer({ cert: readFileSync(cert), key: readFileSync(secret) }, (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const { pathname } = new URL(request.url ?? '/', 'https://x');
        const reply = answer(request.headers.host ?? '', pathname, body);
        response.writeHead(reply === undefined ? 400 : 200).end(JSON.stringify(reply ?? {}));
      });
    });
    await listenForOneTest(services);
    const proxy: Server = createHttpServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.on('error', () => undefined);
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      const inner = connectSocket(portOf(services), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        inner.pipe(socket).pipe(inner);
      });
      return inner.on('error', () => socket.destroy());
    });
    await listenForOneTest(proxy);
    const emulator = await startEmulator({
      accessKeyId: KEYS.AccessKeyId,
      accessKeySecret: KEYS.AccessKeySecret,
      securityToken: KEYS.SecurityToken,
    });
    onTestFinished(() => emulator.close());
    const home = mkdtempSync(join(directory, 'home-'));
    mkdirSync(join(home, '.aliyun'));
    const config = join(home, '.aliyun', 'config.json');
    writeFileSync(
      config,
      JSON.stringify({ current: 'me', other: 1, profiles: [{ name: 'x' }, { name: 'me', ...profile }] }),
    );
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
      NODE_EXTRA_CA_CERTS: cert,
    };
    const world = {
      emulator,
      stateDirectory: home,
      args: ['--endpoint', emulator.endpoint, '--region', emulator.regionId, '--state-dir', join(home, 'state')],
      env,
      close: async () => undefined,
    };
    const connection = await connect('v2-modern', world);
    onTestFinished(() => connection.close());
    const call = () => connection.call('list_resource_tags', { KeyId: SAMPLE_KEY });
    return { asked, call, config, proxyHost: `127.0.0.1:${portOf(proxy)}` };
  }

  it.each<[string, object, string]>([
    ['a role', { mode: 'RamRoleArn', ...key, ram_role_arn: 'acs:ram::1:role/r' }, 'sts.aliyuncs.com'],
    [
      'a role, in a profile without a mode',
      { mode: '', ...key, ram_role_arn: 'acs:ram::1:role/r' },
      'sts.aliyuncs.com',
    ],
    [
      'an OIDC role',
      { mode: 'OIDC', ram_role_arn: 'r', oidc_provider_arn: 'p', oidc_token_file: join(directory, 'oidc-token') },
      'sts.aliyuncs.com',
    ],
    ['a CloudSSO login', cloudSso, 'signin.example.com'],
    ['an OAuth login', { ...oauth, oauth_access_token_expire: later }, 'oauth.aliyun.com'],
    [
      'a credentials URI',
      { mode: 'CredentialsURI', credentials_uri: 'https://keys.example.com/k?t=1' },
      'keys.example.com',
    ],
  ])('the program gets the keys of %s through the proxy', async (_, profile, host) => {
    const { asked, call } = await openScene(profile);
    expect(await call()).toMatchObject({ isError: false });
    expect(asked).toEqual([`${host}:443`]);
  });

  it('the renewed token of an OAuth login is in the CLI’s file, whole and for its owner alone', async () => {
    const { asked, call, config } = await openScene({ ...oauth, oauth_access_token_expire: 1 });
    expect(await call()).toMatchObject({ isError: false });
    expect(asked).toEqual(['oauth.aliyun.com:443']);
    const stored: unknown = JSON.parse(readFileSync(config, 'utf8'));
    expect(stored).toEqual({
      current: 'me',
      other: 1,
      profiles: [
        { name: 'x' },
        {
          name: 'me',
          ...oauth,
          oauth_access_token: 'new-access',
          oauth_refresh_token: 'new-refresh',
          oauth_access_token_expire: expect.any(Number),
        },
      ],
    });
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(readFileSync(config, 'utf8')).not.toContain(KEYS.AccessKeySecret);
  });

  it('a proxy that refuses is named with its status, and asked once', async () => {
    const { asked, call, proxyHost } = await openScene({ mode: 'RamRoleArn', ...key, ram_role_arn: 'r' }, 407);
    const { isError, text } = await call();
    expect(isError).toBe(true);
    expect(text).toContain(`through the proxy ${proxyHost} (the proxy answered HTTP 407)`);
    expect(text).toContain('Nothing was changed.');
    expect(asked).toHaveLength(1);
  });
});
