import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  ALICE,
  KEY_ID,
  MODERN_META,
  modernHeaders,
  post,
  READER,
  runningServer,
  type TestServer,
  untagBody,
} from './running-server.js';

let server: TestServer;
let before: unknown;

beforeAll(async () => {
  server = await runningServer();
  before = server.emulator.tagsOf('key', KEY_ID);
});
afterAll(() => server.close());

/** Whatever a refused request was, KMS heard nothing of it. */
function expectNothingHappened(): void {
  expect(server.emulator.count()).toBe(0);
  expect(server.emulator.tagsOf('key', KEY_ID)).toEqual(before);
}

/** Node's fetch sets Host by itself. */
function postAs(host: string, more: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${ALICE}`, ...more };
    httpRequest(server.url, { method: 'POST', headers: { ...headers, host } })
      .once('response', (response) => resolve(response.resume().statusCode ?? 0))
      .once('error', reject)
      .end(untagBody());
  });
}

describe('a caller without a token that holds', () => {
  afterEach(expectNothingHappened);

  it.each([
    ['no token', undefined],
    ['a wrong token', 'mallory-0123456789-0123456789'],
    ['the beginning of a right token', ALICE.slice(0, -1)],
    ['a right token with a letter more', `${ALICE}x`],
    ['the name of a token', 'alice'],
  ])('is answered 401 with a challenge: %s', async (_, token) => {
    const reply = await post(server.url, token === undefined ? {} : { token });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer .*scope="kms-tags:read"/);
    expect(reply.headers.get('www-authenticate')?.includes('error=')).toBe(token !== undefined);
    expect(await reply.json()).toMatchObject({ error: 'invalid_token' });
  });

  it.each(['Basic YWxpY2U6eA==', 'Bearer', `Bearer ${ALICE} ${ALICE}`, `Bearer ${ALICE}, Bearer ${ALICE}`, ALICE])(
    'is answered 401 for a header of another form: %s',
    async (authorization) => {
      expect((await post(server.url, { headers: { authorization } })).status).toBe(401);
    },
  );

  it('is not let in by a token in the URL', async () => {
    expect((await post(`${server.url}?access_token=${ALICE}`)).status).toBe(401);
  });
});

describe('a caller who may only read', () => {
  it('is answered 403 with the scopes that writing needs', async () => {
    const reply = await post(server.url, { token: READER });
    expect(reply.status).toBe(403);
    const challenge = reply.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="kms-tags:read kms-tags:write"');
    expectNothingHappened();
  });

  it('is answered 403 in the 2026 era, too', async () => {
    const params = { name: 'untag_resource', arguments: { KeyId: KEY_ID, TagKeys: ['tagkey1'] }, _meta: MODERN_META };
    const reply = await post(server.url, {
      token: READER,
      headers: modernHeaders('untag_resource'),
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    expect(reply.status).toBe(403);
    expectNothingHappened();
  });
});

describe('Host and Origin', () => {
  afterEach(expectNothingHappened);

  it.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'a b'])(
    'refuses the forged Host %s with 403',
    async (host) => {
      expect(await postAs(host)).toBe(403);
    },
  );

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'not a URL', 'file:///etc/passwd'])(
    'refuses the forged Origin %s with 403',
    async (origin) => {
      const reply = await post(server.url, { token: ALICE, headers: { origin } });
      expect(reply.status).toBe(403);
      expect(await reply.json()).toMatchObject({ error: { message: expect.stringMatching(/^Origin is not allowed/) } });
    },
  );

  it('gives a page of this machine no right to read answers', async () => {
    const headers = { origin: 'http://localhost:8080', 'access-control-request-method': 'POST' };
    const reply = await fetch(server.url, { method: 'OPTIONS', headers });
    expect(reply.status).toBe(405);
    expect(reply.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('routes', () => {
  afterEach(expectNothingHappened);

  it.each([
    ['GET', '/healthz', 200],
    ['HEAD', '/readyz', 200],
    ['POST', '/healthz', 405],
    ['GET', '/mcp', 405],
    ['DELETE', '/mcp', 405],
    ['GET', '/', 404],
    ['POST', '/mcp/', 401],
    ['POST', '//mcp', 404],
    ['POST', '/sse', 404],
    ['GET', '/.well-known/oauth-protected-resource', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const reply = await fetch(`${server.origin}${path}`, { method });
    expect(reply.status).toBe(status);
    expect(reply.headers.has('allow')).toBe(status === 405);
  });
});

describe('the log', () => {
  it('names who was refused and why, and holds no token', async () => {
    await post(server.url, { token: 'mallory-0123456789-0123456789' });
    await post(server.url, { token: READER });
    expect(server.log.filter((line) => line['refused'] === 'unknown').length).toBeGreaterThan(0);
    expect(server.log.filter((line) => line['subject'] === 'token:rita').at(-1)).toMatchObject({
      route: '/mcp',
      method: 'tools/call',
      tool: 'untag_resource',
      status: 403,
    });
    for (const secret of [ALICE, READER, ADMIN, 'mallory', server.emulator.accessKeySecret, KEY_ID, 'tagkey1']) {
      expect(server.logText()).not.toContain(secret);
    }
  });
});
