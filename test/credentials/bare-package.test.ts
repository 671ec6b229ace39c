import { DefaultCredentialsProvider, URICredentialsProvider } from '@alicloud/credentials';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CANARY, canariesIn, everythingOf } from './canary.js';
import { keyProfile, serve, type TempHome, tempHome } from './temp-home.js';

// Why src/credentials wraps the official package: when one of these fails, the package was mended and its cure can go.
describe('the official package 2.4.7 by itself', () => {
  let home: TempHome;
  beforeEach(async () => {
    home = await tempHome();
    vi.stubEnv('HOME', home.path);
    vi.stubEnv('USERPROFILE', home.path);
    vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
    // Its own default is https://undefined/; this one is refused on loopback.
    vi.stubEnv('ALIBABA_CLOUD_CREDENTIALS_URI', 'http://127.0.0.1:1/');
    for (const name of ['ID', 'SECRET']) vi.stubEnv(`ALIBABA_CLOUD_ACCESS_KEY_${name}`, undefined);
    vi.stubEnv('ALIBABA_CLOUD_PROFILE', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('fails all but the first caller of a concurrent first use', async () => {
    await home.writeCliConfig(keyProfile('id', 'secret'));
    const chain = DefaultCredentialsProvider.builder().build();
    const all = await Promise.allSettled([chain.getCredentials(), chain.getCredentials(), chain.getCredentials()]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('sticks to the source that failed last', async () => {
    const chain = DefaultCredentialsProvider.builder().build();
    await expect(chain.getCredentials()).rejects.toThrow();
    await home.writeCliConfig(keyProfile('id', 'secret'));
    await expect(chain.getCredentials()).rejects.toThrow('ECONNREFUSED');
  });

  it('does not see that a profile has changed', async () => {
    await home.writeCliConfig(keyProfile('id-1', 'secret'));
    const chain = DefaultCredentialsProvider.builder().build();
    expect((await chain.getCredentials()).accessKeyId).toBe('id-1');
    await home.writeCliConfig(keyProfile('id-2', 'secret'));
    expect((await chain.getCredentials()).accessKeyId).toBe('id-1');
  });

  it('asks once for each caller when a session has to be made', async () => {
    let requests = 0;
    const uri = await serve((_, response) => {
      requests += 1;
      response.writeHead(500).end();
    });
    const provider = URICredentialsProvider.builder().withCredentialsURI(uri).build();
    await Promise.allSettled([provider.getCredentials(), provider.getCredentials()]);
    expect(requests).toBe(2);
  });

  it('puts the whole of a malformed config.json and of a URI reply into its messages', async () => {
    await home.writeCliConfig(`{"access_key_secret":"${CANARY.secret}"`);
    const chain = DefaultCredentialsProvider.builder().build();
    const fileError = await chain.getCredentials().catch((error: unknown) => error);
    expect(canariesIn(everythingOf(fileError))).toEqual([CANARY.secret]);
    const uri = await serve((_, response) => response.end(JSON.stringify({ AccessKeySecret: CANARY.secret })));
    const provider = URICredentialsProvider.builder().withCredentialsURI(uri).build();
    const uriError = await provider.getCredentials().catch((error: unknown) => error);
    expect(canariesIn(everythingOf(uriError))).toEqual([CANARY.secret]);
  });
});
