import { readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renewLogin } from '../../src/credentials/login-file.js';
import type { OAuthTokens } from '../../src/credentials/lookup.js';
import { tempHome } from './temp-home.js';

const ENDED: OAuthTokens = { accessToken: 'old', accessTokenEndsAt: 0, refreshToken: 'refresh-0' };
const isGood = ({ accessToken, accessTokenEndsAt }: OAuthTokens) =>
  accessTokenEndsAt > Date.now() ? accessToken : undefined;

describe('the renewal of an OAuth login', () => {
  it('by many servers at once tears nothing, and serves all of them though a refresh token is good once', async () => {
    const home = await tempHome();
    const filler = Array.from({ length: 500 }, (_, index) => ({
      name: `p${index}`,
      mode: 'AK',
      access_key_id: 'x'.repeat(100),
    }));
    const me = { name: 'me', mode: 'OAuth', oauth_refresh_token: 'refresh-0', oauth_access_token: 'old' };
    await home.writeCliConfig({ current: 'me', profiles: [...filler, me] });
    const path = join(home.path, '.aliyun', 'config.json');
    let valid = 'refresh-0';
    let renewals = 0;
    const renew = async (token: string): Promise<OAuthTokens> => {
      if (token !== valid) throw new Error('invalid_grant');
      renewals += 1;
      valid = `refresh-${renewals}`;
      return { accessToken: `access-${renewals}`, accessTokenEndsAt: Date.now() + 3_600_000, refreshToken: valid };
    };
    let isDone = false;
    const reader = (async () => {
      while (!isDone) JSON.parse(await readFile(path, 'utf8'));
    })();
    const tokens = await Promise.all(Array.from({ length: 12 }, () => renewLogin(path, 'me', ENDED, isGood, renew)));
    isDone = true;
    await reader;
    expect(new Set(tokens)).toEqual(new Set(['access-1']));
    expect(await readFile(path, 'utf8')).toContain('"refresh-1"');
    expect(await readdir(join(home.path, '.aliyun'))).toEqual(['config.json']);
  });

  it('writes through a link, and leaves the link', async () => {
    const home = await tempHome();
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', mode: 'OAuth', oauth_refresh_token: 'r' }] });
    const path = join(home.path, '.aliyun', 'config.json');
    const link = join(home.path, 'link.json');
    await symlink(path, link);
    const renewed = { accessToken: 'a', accessTokenEndsAt: Date.now() + 3_600_000, refreshToken: 'r2' };
    expect(await renewLogin(link, 'me', ENDED, isGood, async () => renewed)).toBe('a');
    expect(await readFile(path, 'utf8')).toContain('"r2"');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
