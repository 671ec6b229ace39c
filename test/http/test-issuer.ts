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
    header?: { readonly alg?: string; readonly kid?: string | undefined },
  ): Promise<string>;
  /** From now on another key signs. The ones before it are published no more, or still, as in a rollover. */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** From now on the keys are found at another path, as the metadata say; the old one answers 404, or as before. */
  moveKeys(options?: { readonly keepOld?: boolean }): void;
  /** Makes the keys' path answer with a redirect to `location`, or with a status. */
  breakKeys(how: { readonly location?: string; readonly status?: number } | undefined): void;
  close(): Promise<void>;
}

/** `audience` is what tokens are made for unless they say otherwise. */
export async function testIssuer(audience: string, options: { readonly openid?: boolean } = {}): Promise<TestIssuer> {
  let generation = 0;
  let { privateKey, publicJwk } = await newKey(generation);
  let published = [publicJwk];
  let keysPath = '/keys';
  let oldKeys: readonly JWK[] | undefined;
  let broken: { readonly location?: string; readonly status?: number } | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const metadataPath = `/.well-known/${options.openid ? 'openid-configuration' : 'oauth-authorization-server'}`;
    const json = (content: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    };
    if (request.url === metadataPath) return json({ issuer: url, jwks_uri: `${url}${keysPath}` });
    if (request.url === '/keys' && keysPath !== '/keys' && oldKeys !== undefined) return json({ keys: oldKeys });
    if (request.url === '/elsewhere') return json({ keys: published });
    if (request.url !== keysPath) return response.writeHead(404).end();
    if (broken?.location !== undefined) return response.writeHead(302, { location: broken.location }).end();
    if (broken !== undefined) return response.writeHead(broken.status ?? 500).end();
    return json({ keys: published });
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
      const { kid, ...rest } = { kid: publicJwk.kid, ...header };
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
        .setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }), ...rest })
        .sign(privateKey);
    },
    async rotate({ keepOld = false } = {}) {
      generation += 1;
      ({ privateKey, publicJwk } = await newKey(generation));
      published = keepOld ? [...published, publicJwk] : [publicJwk];
    },
    moveKeys({ keepOld = false } = {}) {
      keysPath = `/keys-${generation}`;
      oldKeys = keepOld ? published : undefined;
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
