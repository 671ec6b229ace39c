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

async function start(
  env: Readonly<Record<string, string>> = {},
  args = ['--oauth-audience', AUDIENCE],
  cooldownMs = 0,
): Promise<void> {
  server = await runningServer(['--oauth-issuer', issuer.url, ...args], env, { cooldownMs });
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
    ['for a number', () => issuer.token({ aud: 7 })],
    ['for an empty list', () => issuer.token({ aud: [] })],
    ['for an audience that begins like ours', () => issuer.token({ aud: `${AUDIENCE}x` })],
    ['for an audience in another case', () => issuer.token({ aud: AUDIENCE.replace('mcp', 'MCP') })],
    ['for our audience over http', () => issuer.token({ aud: AUDIENCE.replace('https', 'http') })],
    ['for our host on another port', () => issuer.token({ aud: 'https://tags.example.com:8443/mcp' })],
    ['that has expired', () => issuer.token({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['that never expires', () => issuer.token({ exp: undefined })],
    ['that is not valid yet', () => issuer.token({ nbf: soon() })],
    ['of another issuer', () => issuer.token({ iss: 'https://evil.example' })],
    ['without an issuer', () => issuer.token({ iss: undefined })],
    ['without a subject', () => issuer.token({ sub: undefined })],
    ['with a number for its subject', () => issuer.token({ sub: 1 })],
    ['with a list for its subject', () => issuer.token({ sub: ['user-1'] })],
    ['with true for its subject', () => issuer.token({ sub: true })],
    ['with an empty subject', () => issuer.token({ sub: '' })],
    ['with a subject of a thousand letters', () => issuer.token({ sub: 'x'.repeat(1_000) })],
    ['with alg none', () => forged({ alg: 'none' }, { iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: soon() }, '')],
    ['signed with the public key as a shared secret', sharedSecret],
    ['of a key that nobody published', () => strangersToken('key-0')],
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

describe('the audience', () => {
  const GUID = '1f0c2d3e-4b5a-6978-8796-a5b4c3d2e1f0';
  const RESOURCE = 'https://tags.example.com/mcp';

  it.each<[string, string, boolean]>([
    ['https://tags.example.com', 'https://tags.example.com/', true],
    ['https://tags.example.com/', 'https://tags.example.com', true],
    ['https://tags.example.com/mcp', 'https://tags.example.com/mcp/', true],
    ['https://tags.example.com/mcp', 'HTTPS://Tags.Example.com:443/mcp', true],
    ['https://tags.example.com/mcp', 'https://tags.example.com', false],
    ['https://tags.example.com/mcp', 'https://tags.example.com/mcp//', false],
    ['https://tags.example.com/mcp', 'https://tags.example.com/mcp?x', false],
    ['https://tags.example.com/mcp', 'https://tags.example.com/mcp#x', false],
    ['https://tags.example.com/mcp', 'https://user@tags.example.com/mcp', false],
    [GUID, GUID, true],
    [GUID, GUID.toUpperCase(), false],
    [GUID, `api://${GUID}`, false],
    [`api://${GUID}`, `api://${GUID}`, true],
    [`api://${GUID}`, `api://${GUID}/`, false],
    ['api://tags/v1', 'api://tags/v1', true],
  ])('%s is met by a token for %s: %j', async (option, aud, isMet) => {
    await server.close();
    await start({}, ['--oauth-audience', option]);
    expect((await post(server.url, { token: await issuer.token({ aud }) })).status).toBe(isMet ? 200 : 401);
  });

  it('is the resource, where only that is given', async () => {
    await server.close();
    await start({}, ['--oauth-resource', RESOURCE]);
    expect((await post(server.url, { token: await issuer.token({ aud: RESOURCE }) })).status).toBe(200);
    const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({ resource: RESOURCE });
  });

  it('may be another than the resource that the metadata name', async () => {
    await server.close();
    await start({}, ['--oauth-resource', RESOURCE, '--oauth-audience', GUID]);
    expect((await post(server.url, { token: await issuer.token({ aud: GUID }) })).status).toBe(200);
    const refused = await post(server.url, { token: await issuer.token({ aud: RESOURCE }) });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain(`resource_metadata="${METADATA}"`);
  });

  it('that is no URL leaves the metadata out, unless the resource is given', async () => {
    await server.close();
    await start({}, ['--oauth-audience', GUID]);
    const refused = await post(server.url);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).not.toContain('resource_metadata');
    expect((await fetch(`${server.origin}/.well-known/oauth-protected-resource`)).status).toBe(404);
  });
});

describe('keys', () => {
  it('are tried one after the other for a token that does not name its own, as in a rollover', async () => {
    const old = await issuer.token({}, { kid: undefined });
    await issuer.rotate({ keepOld: true });
    for (const token of [old, await issuer.token({}, { kid: undefined }), await issuer.token()]) {
      expect((await post(server.url, { token })).status).toBe(200);
    }
    await issuer.rotate({ keepOld: true });
    expect((await post(server.url, { token: await issuer.token({}, { kid: undefined }) })).status).toBe(200);
    const changes = server.emulator.count('UntagResource');
    expect((await post(server.url, { token: await strangersToken(undefined) })).status).toBe(401);
    expect(server.emulator.count('UntagResource')).toBe(changes);
  });

  it('are read again for a token that does not name its own, when the known one does not fit', async () => {
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    await issuer.rotate();
    expect((await post(server.url, { token: await issuer.token({}, { kid: undefined }) })).status).toBe(200);
  });

  it.each([false, true])(
    'are found where the issuer has moved them; the old address still answers: %j',
    async (keepOld) => {
      expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
      issuer.moveKeys({ keepOld });
      await issuer.rotate();
      expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
      expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    },
  );

  it('are read again once in half a minute for tokens that nobody signed', async () => {
    await server.close();
    await start({}, ['--oauth-audience', AUDIENCE], 30_000);
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    const asked = issuer.asked.length;
    for (const kid of ['key-0', 'no-such-key', undefined, 'key-0']) {
      expect((await post(server.url, { token: await strangersToken(kid) })).status).toBe(401);
    }
    expect(issuer.asked.slice(asked)).toEqual(['/.well-known/oauth-authorization-server', '/keys']);
  });

  it('that are known are kept when a token of an unknown key finds the issuer out of order', async () => {
    const token = await issuer.token();
    expect((await post(server.url, { token })).status).toBe(200);
    issuer.breakKeys({ status: 500 });
    expect((await post(server.url, { token: await strangersToken('no-such-key') })).status).toBe(503);
    expect((await post(server.url, { token })).status).toBe(200);
  });

  it('that are new are taken by all tokens that come at once', async () => {
    await server.close();
    await start({}, ['--oauth-audience', AUDIENCE], 30_000);
    expect((await post(server.url, { token: await issuer.token() })).status).toBe(200);
    await issuer.rotate();
    const token = await issuer.token();
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(server.url, { token })));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  });

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
  it('answers the preflight of a page, whose client sends a header of the protocol', async () => {
    const reply = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://inspector.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      },
    });
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
    expect(reply.headers.get('access-control-allow-methods')).toContain('GET');
    expect(reply.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version');
  });

  it('answers HEAD as GET, without the document, and nothing else', async () => {
    const head = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);
    expect(head.headers.get('access-control-allow-origin')).toBe('*');
    for (const method of ['POST', 'DELETE', 'PUT']) {
      const reply = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`, { method });
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
  });

  it.each([
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-protected-resource/mcp/',
    '/.well-known/oauth-protected-resource',
  ])('says at %s where tokens come from', async (path) => {
    const reply = await fetch(`${server.origin}${path}`);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({
      resource: AUDIENCE,
      authorization_servers: [issuer.url],
      scopes_supported: ['kms-tags:read', 'kms-tags:write', 'kms-tags:admin'],
    });
  });
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

async function strangersToken(kid: string | undefined): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'ES256');
  const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: soon(), scope: 'kms-tags:write' };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) }).sign(key);
}

async function changedPayload(): Promise<string> {
  const [header = '', , signature = ''] = (await issuer.token({ scope: 'kms-tags:read' })).split('.');
  const payload = { iss: issuer.url, aud: AUDIENCE, sub: 'user-1', exp: soon(), scope: 'kms-tags:admin' };
  return `${header}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${signature}`;
}
