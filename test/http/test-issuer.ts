import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, SignJWT } from 'jose';

/** An authorization server as far as a resource server sees it: metadata, keys, tokens. On loopback. */
export interface TestIssuer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** A signed token; `claims` replace the defaults, and undefined leaves one out. */
  token(
    claims?: Readonly<Record<string, unknown>>,
    header?: { readonly alg?: string; readonly kid?: string },
  ): Promise<string>;
  /** From now on another key signs, and only it is published. */
  rotate(): Promise<void>;
  /** Makes the keys' path answer with a redirect to `location`, or with a status. */
  breakKeys(how: { readonly location?: string; readonly status?: number } | undefined): void;
  close(): Promise<void>;
}

/** `audience` is what tokens are made for unless they say otherwise. */
export async function testIssuer(audience: string, options: { readonly openid?: boolean } = {}): Promise<TestIssuer> {
  let generation = 0;
  let { privateKey, publicJwk } = await newKey(generation);
  let broken: { readonly location?: string; readonly status?: number } | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const metadataPath = `/.well-known/${options.openid ? 'openid-configuration' : 'oauth-authorization-server'}`;
    const json = (content: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    };
    if (request.url === metadataPath) return json({ issuer: url, jwks_uri: `${url}/keys` });
    if (request.url === '/elsewhere') return json({ keys: [publicJwk] });
    if (request.url !== '/keys') return response.writeHead(404).end();
    if (broken?.location !== undefined) return response.writeHead(302, { location: broken.location }).end();
    if (broken !== undefined) return response.writeHead(broken.status ?? 500).end();
    return json({ keys: [publicJwk] });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    asked,
    async token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = {
        iss: url,
        aud: audience,
        sub: 'user-1',
        iat: now,
        exp: now + 300,
        scope: 'kms-tags:read kms-tags:write',
      };
      const payload = Object.fromEntries(
        Object.entries({ ...all, ...claims }).filter(([, value]) => value !== undefined),
      );
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid: publicJwk.kid ?? '', ...header })
        .sign(privateKey);
    },
    async rotate() {
      generation += 1;
      ({ privateKey, publicJwk } = await newKey(generation));
    },
    breakKeys(how) {
      broken = how;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function newKey(generation: number): Promise<Pick<GenerateKeyPairResult, 'privateKey'> & { publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return {
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid: `key-${generation}`, alg: 'ES256', use: 'sig' },
  };
}
