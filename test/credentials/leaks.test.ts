import { describe, expect, it } from 'vitest';
import { CANARY, canariesIn, everythingOf } from './canary.js';
import { environment, openSource, serve, sessionReply, type TempHome, tempHome } from './temp-home.js';

const { id, secret, token } = CANARY;
const KEY = { access_key_id: id, access_key_secret: secret, sts_token: token };

async function failureOf(home: TempHome, variables: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const source = openSource({ env: environment(variables), home: home.path, deadline: 3000 });
  return source.get().then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

function expectSafe(error: unknown): void {
  expect(error).toMatchObject({ name: 'CredentialsError' });
  expect(canariesIn(everythingOf(error))).toEqual([]);
}

describe('a failure never repeats a secret', () => {
  it('and the search for one would find it in every form', () => {
    for (const text of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(`{"a":"${token}"}`).toString('base64url'),
      everythingOf(new Error('outer', { cause: { body: token } })),
      everythingOf(Object.assign(new Error('x'), { data: { secret } })),
    ]) {
      expect(canariesIn(text)).not.toEqual([]);
    }
  });

  it.each([
    ['cut off', JSON.stringify({ current: 'me', profiles: [{ name: 'me', mode: 'AK', ...KEY }] }).slice(0, -4)],
    ['with a stray word after the secret', `{"current":"me","profiles":[{"access_key_secret":"${secret}" oops}]}`],
    ['that is no object', JSON.stringify([secret])],
    ['that is a bare secret', secret],
    ['with profiles that are text', JSON.stringify({ current: 'me', profiles: secret })],
    ['whose current profile is an object', JSON.stringify({ current: KEY, profiles: [] })],
    [
      'with a secret in a list',
      JSON.stringify({ current: 'me', profiles: [{ name: 'me', mode: 'AK', ...KEY, access_key_secret: [secret] }] }),
    ],
    [
      'with an object for an id',
      JSON.stringify({ current: 'me', profiles: [{ name: 'me', mode: 'AK', ...KEY, access_key_id: { secret } }] }),
    ],
    [
      'with a line break in the secret',
      JSON.stringify({
        current: 'me',
        profiles: [{ name: 'me', mode: 'AK', ...KEY, access_key_secret: `${secret}\nx` }],
      }),
    ],
    [
      'with the secret in the place of the mode',
      JSON.stringify({ current: 'me', profiles: [{ name: 'me', mode: secret, ...KEY }] }),
    ],
    [
      'with a token in the place of the STS endpoint',
      JSON.stringify({
        current: 'me',
        profiles: [{ name: 'me', mode: 'RamRoleArn', ...KEY, ram_role_arn: 'r', sts_endpoint: token }],
      }),
    ],
    [
      'whose STS endpoint refuses connections',
      JSON.stringify({
        current: 'me',
        profiles: [{ name: 'me', mode: 'RamRoleArn', ...KEY, ram_role_arn: 'r', sts_endpoint: '127.0.0.1:1' }],
      }),
    ],
    [
      'whose command prints the secret and fails',
      JSON.stringify({
        current: 'me',
        profiles: [
          { name: 'me', mode: 'External', process_command: `node -e "console.error('${secret}');process.exit(1)"` },
        ],
      }),
    ],
    [
      'whose command prints half of the JSON',
      JSON.stringify({
        current: 'me',
        profiles: [{ name: 'me', mode: 'External', process_command: `node -e "console.log('${secret}')"` }],
      }),
    ],
  ])('of a config.json %s', async (_, text) => {
    const home = await tempHome();
    await home.writeCliConfig(text);
    expectSafe(await failureOf(home));
  });

  it.each([
    ['without its end', `[default\ntype=access_key\naccess_key_id=${id}\naccess_key_secret=${secret}`],
    ['with the secret as the type', `[default]\ntype=${secret}\naccess_key_id=${id}\naccess_key_secret=${secret}`],
    ['with the secret on a line of its own', `[default]\ntype=access_key\naccess_key_id=${id}\n${secret}`],
    ['with a space in the secret', `[default]\ntype=access_key\naccess_key_id=${id}\naccess_key_secret=${secret} x`],
    [
      'with a role but no such thing as its ARN',
      `[default]\ntype=ram_role_arn\naccess_key_id=${id}\naccess_key_secret=${secret}`,
    ],
  ])('of a credentials file %s', async (_, text) => {
    const home = await tempHome();
    await home.writeCredentialsFile(text);
    expectSafe(await failureOf(home));
  });

  const full = { AccessKeyId: id, AccessKeySecret: secret, SecurityToken: token, Expiration: '2999-01-01T00:00:00Z' };
  it.each([
    ['lacks the token', 200, JSON.stringify({ ...full, SecurityToken: undefined })],
    ['lacks the end', 200, JSON.stringify({ ...full, Expiration: undefined })],
    ['has a number for its end', 200, JSON.stringify({ ...full, Expiration: 1 })],
    ['has a list for its id', 200, JSON.stringify({ ...full, AccessKeyId: [secret] })],
    ['has an object for its token', 200, JSON.stringify({ ...full, SecurityToken: { token } })],
    ['has a line break in the token', 200, JSON.stringify({ ...full, SecurityToken: `${token}\r\nx: y` })],
    ['is cut off', 200, JSON.stringify(full).slice(0, -1)],
    ['is a page', 200, `<html>${secret}</html>`],
    ['is null', 200, 'null'],
    ['is a server error', 500, JSON.stringify(full)],
    ['is a refusal with a code', 403, JSON.stringify({ Code: secret, ...full })],
    ['is a redirect', 302, JSON.stringify(full)],
  ])('of a credentials URI whose reply %s', async (_, status, body) => {
    const home = await tempHome();
    const uri = await serve((_request, response) => response.writeHead(status, { location: `/${secret}` }).end(body));
    const error = await failureOf(home, { ALIBABA_CLOUD_CREDENTIALS_URI: `${uri}?token=${token}` });
    expectSafe(error);
    if (status !== 200) expect(error).toMatchObject({ message: expect.stringContaining(`HTTP ${status}`) });
  });

  it.each([
    ['is not a URL', `not a url ${secret}`],
    ['is a file', `file:///${secret}`],
    ['cannot be reached', `http://user:${encodeURIComponent(secret)}@127.0.0.1:1/${encodeURIComponent(token)}`],
  ])('of a credentials URI that %s', async (_, uri) => {
    const home = await tempHome();
    expectSafe(await failureOf(home, { ALIBABA_CLOUD_CREDENTIALS_URI: uri }));
  });

  it('of a credentials URI that drops the connection or never answers', async () => {
    const home = await tempHome();
    const dropping = await serve((request) => request.socket.destroy());
    expectSafe(await failureOf(home, { ALIBABA_CLOUD_CREDENTIALS_URI: `${dropping}?t=${token}` }));
    const silent = await serve(() => {});
    const source = openSource({
      env: environment({ ALIBABA_CLOUD_CREDENTIALS_URI: `${silent}?t=${token}` }),
      home: home.path,
      deadline: 100,
    });
    expectSafe(await source.get().catch((error: unknown) => error));
  });

  it('of an OIDC token file that does not exist, whose path is not shown either', async () => {
    const home = await tempHome();
    const error = await failureOf(home, {
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/r',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/p',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: `/nowhere/${token}`,
    });
    expectSafe(error);
    expect(error).toMatchObject({ message: expect.stringContaining('the OIDC token file cannot be read (ENOENT)') });
  });

  it('nor is an OIDC token sent to a host that was slipped in by the name of a region', async () => {
    const home = await tempHome();
    const error = await failureOf(home, {
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/r',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/p',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/nowhere',
      ALIBABA_CLOUD_STS_REGION: `x@127.0.0.1:1/${token}`,
    });
    expectSafe(error);
    expect(error).toMatchObject({ message: expect.stringContaining('ALIBABA_CLOUD_STS_REGION is not a region id') });
  });

  it('nor does a success show it in the name of its source', async () => {
    const home = await tempHome();
    const uri = await serve((_, response) => response.end(sessionReply(id, secret, token)));
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: `${uri}?t=${token}` });
    expect((await openSource({ env, home: home.path }).get()).source).toBe('credentials URI');
  });
});
