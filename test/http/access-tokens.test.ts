import { createHmac, generateKeyPairSync } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, KEY_ID, post, runningServer, type TestServer, TOKENS } from './running-server.js';
import { type TestIssuer, testIssuer } from './test-issuer.js';

const AUDIENCE = 'https://tags.example.com/mcp';
const METADATA = 'https://tags.example.com/.well-known/oauth-protected-resource/mcp';

let issuer: TestIssuer;
let server: TestServer;
let before: unknown;

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  server = await runningServer(['--oauth-issuer', issuer.url, '--oauth-audience', AUDIENCE], env, { cooldownMs: 0 });
  before = server.emulator.tagsOf('key', KEY_ID);
}

beforeEach(async () => {
  issuer = await testIssuer(AUDIENCE);
  await start();
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

function expectNothingHappened(): void {
  expect(server.emulator.count()).toBe(0);
  expect(server.emulator.tagsOf('key', KEY_ID)).toEqual(before);
}

/** Three parts of JSON and a signature, as an attacker would put them together. */
function forged(header: unknown, payload: unknown, signature: string): string {
  const part = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}

const soon = (): number => Math.floor(Date.now() / 1000) + 300;

describe('a token that holds', () => {
  it('lets its subject change tags, and the change is theirs', async () => {
    const reply = await post(server.url, { token: await issuer.token() });
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain('RequestId');
    expect(server.emulator.count('UntagResource')).toBe(1);
    expect(server.log.at(-1)).toMatchObject({ subject: 'oauth:user-1', outcome: 'ok', status: 200 });
  });

  it('never goes upstream', async () => {
    const token = await issuer.token();
    await post(server.url, { token });
    expect(JSON.stringify(server.emulator.requests)).not.toContain(token.slice(0, 40));
    expect(server.logText()).not.toContain(token.slice(0, 40));
  });

  it('is known by OpenID metadata, too', async () => {
    await server.close();
    await issuer.close();
    issuer = await testIssuer(AUDIENCE, { openid: true });
    await start();
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    expect(issuer.asked).toContain('/.well-known/openid-configuration');
  });

  it('may carry its scopes as scp, and the audience among others', async () => {
    const aud = ['https://other.example', AUDIENCE];
    const token = await issuer.token({ aud, scope: undefined, scp: ['kms-tags:read', 'kms-tags:write', 'mail'] });
    expect((await post(server.url, { token })).status).toBe(200);
  });

  it('works beside configured tokens', async () => {
    await server.close();
    await start({ KMS_TAGS_HTTP_TOKENS: TOKENS });
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    expect((await post(server.url, { token: ALICE })).status).toBe(200);
  });
});

describe('a token that does not hold', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['for another audience', () => issuer.token({ aud: 'https://other.example/mcp' })],
    ['for nobody', () => issuer.token({ aud: undefined })],
    ['that has expired', () => issuer.token({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['that never expires', () => issuer.token({ exp: undefined })],
    ['that is not valid yet', () => issuer.token({ nbf: soon() })],
    ['of another issuer', () => issuer.token({ iss: 'https://evil.example' })],
    ['without an issuer', () => issuer.token({ iss: undefined })],
    ['without a subject', () => issuer.token({ sub: undefined })],
    ['with an empty subject', () => issuer.token({ sub: '' })],
    ['with a subject of a thousand letters', () => issuer.token({ sub: 'x'.repeat(1_000) })],
    ['with alg none', () => forged({ alg: 'none' }, { iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: soon() }, '')],
    ['signed with the public key as a shared secret', sharedSecret],
    ['of a key that nobody published', strangersToken],
    ['with a changed payload', changedPayload],
    ['with an unknown key id', () => issuer.token({}, { kid: 'no-such-key' })],
    ['that is no JWT', () => 'abcdefghijklmnopqrstuvwxyz'],
    ['of five parts', () => 'a.b.c.d.e'],
  ])('is answered 401: one %s', async (_, make) => {
    const reply = await post(server.url, { token: await make() });
    expect(reply.status).toBe(401);
    const challenge = reply.headers.get('www-authenticate');
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    expectNothingHappened();
  });

  it('does not make the server ask the issuer when its algorithm is not allowed', async () => {
    await post(server.url, { token: forged({ alg: 'HS256' }, { iss: issuer.url }, 'x') });
    await post(server.url, { token: 'abcdefghijklmnopqrstuvwxyz' });
    expect(issuer.asked).toEqual([]);
  });
});

describe('scopes', () => {
  it('answers a reader who wants to write with 403 and the scopes to ask for', async () => {
    const reply = await post(server.url, { token: await issuer.token({ scope: 'kms-tags:read' }) });
    expect(reply.status).toBe(403);
    const challenge = reply.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="kms-tags:read kms-tags:write"');
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    expectNothingHappened();
  });

  it.each([undefined, '', 'mail openid', 'kms-tags:reader'])(
    'answers a token with scope %j with 403',
    async (scope) => {
      const reply = await post(server.url, { token: await issuer.token({ scope }) });
      expect(reply.status).toBe(403);
      expectNothingHappened();
    },
  );
});

describe('keys', () => {
  it('takes the new key after a rotation, and the old one no more', async () => {
    const old = await issuer.token();
    expect((await post(server.url, { token: old })).status).toBe(200);
    await issuer.rotate();
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    const changes = server.emulator.count('UntagResource');
    expect((await post(server.url, { token: old })).status).toBe(401);
    expect(server.emulator.count('UntagResource')).toBe(changes);
  });

  it('does not follow a redirect: 503, and the other place is not asked', async () => {
    issuer.breakKeys({ location: `${issuer.url}/elsewhere` });
    const reply = await post(server.url, { token: await issuer.token() });
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(await reply.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect(issuer.asked).not.toContain('/elsewhere');
    expectNothingHappened();
  });

  it('answers 503 while the issuer fails, and goes on when it is back', async () => {
    issuer.breakKeys({ status: 500 });
    const token = await issuer.token();
    expect((await post(server.url, { token })).status).toBe(503);
    expectNothingHappened();
    issuer.breakKeys(undefined);
    expect((await post(server.url, { token })).status).toBe(200);
  });

  it('answers 503 when nobody listens at the issuer', async () => {
    const token = await issuer.token();
    await issuer.close();
    expect((await post(server.url, { token })).status).toBe(503);
    expect(server.log.at(-1)).toMatchObject({ status: 503, refused: 'ECONNREFUSED' });
    expectNothingHappened();
    issuer = await testIssuer(AUDIENCE);
  });
});

describe('resource metadata', () => {
  it.each(['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'])(
    'says at %s where tokens come from',
    async (path) => {
      const reply = await fetch(`${server.origin}${path}`);
      expect(reply.status).toBe(200);
      expect(await reply.json()).toMatchObject({
        resource: AUDIENCE,
        authorization_servers: [issuer.url],
        scopes_supported: ['kms-tags:read', 'kms-tags:write', 'kms-tags:admin'],
      });
    },
  );
});

/** RS256 and HS256 confusion: the published key is no secret. */
async function sharedSecret(): Promise<string> {
  const keys = await (await fetch(`${issuer.url}/keys`)).text();
  const unsigned = forged(
    { alg: 'HS256', kid: 'key-0' },
    { iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: soon() },
    '',
  );
  const signed = unsigned.slice(0, -1);
  return `${signed}.${createHmac('sha256', keys).update(signed).digest('base64url')}`;
}

async function strangersToken(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'ES256');
  const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: soon(), scope: 'kms-tags:write' };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'key-0' }).sign(key);
}

async function changedPayload(): Promise<string> {
  const [header = '', , signature = ''] = (await issuer.token({ scope: 'kms-tags:read' })).split('.');
  const payload = { iss: issuer.url, aud: AUDIENCE, sub: 'user-1', exp: soon(), scope: 'kms-tags:admin' };
  return `${header}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${signature}`;
}
