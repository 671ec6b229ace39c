import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, keyProfile, openSource, serve, sessionReply, tempHome } from './temp-home.js';

const KEY = { access_key_id: 'id', access_key_secret: 'secret' };

describe('a CLI profile', () => {
  it.each([
    ['AK', {}, undefined],
    ['ak', {}, undefined],
    ['StsToken', { sts_token: 'token' }, 'token'],
    ['', {}, undefined],
    ['', { sts_token: 'token' }, 'token'],
  ])('of mode %j is used as it is', async (mode, more, securityToken) => {
    const home = await tempHome();
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', mode, ...KEY, ...more }] });
    const credentials = await openSource({ env: environment(), home: home.path }).get();
    expect(credentials).toMatchObject({ accessKeyId: 'id', accessKeySecret: 'secret', source: 'CLI profile "me"' });
    expect(credentials.securityToken).toBe(securityToken);
  });

  it.each(['RsaKeyPair', 'BearerToken', 'Anonymous'])(
    'of the unsupported mode %s is an error that names the mode',
    async (mode) => {
      const home = await tempHome();
      await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', mode, ...KEY }] });
      const source = openSource({ env: environment(), home: home.path });
      await expect(source.get()).rejects.toThrow(`CLI profile "me" in ~/.aliyun/config.json has mode ${mode}`);
    },
  );

  it.each([
    ['lacks its secret', { mode: 'AK', access_key_id: 'id' }, 'has no access_key_secret'],
    ['has a number for a secret', { mode: 'AK', ...KEY, access_key_secret: 7 }, 'access_key_secret'],
    ['lacks its role', { mode: 'RamRoleArn', ...KEY }, 'has no ram_role_arn'],
    [
      'wants too short a session',
      { mode: 'RamRoleArn', ...KEY, ram_role_arn: 'r', expired_seconds: 60 },
      'expired_seconds',
    ],
    ['names an STS endpoint that is a URL', { mode: 'RamRoleArn', ...KEY, sts_endpoint: 'evil/?x=' }, 'sts_endpoint'],
    [
      'chains to itself',
      { mode: 'ChainableRamRoleArn', ram_role_arn: 'r', source_profile: 'me' },
      'has a source_profile that is circular',
    ],
    ['chains to nothing', { mode: 'ChainableRamRoleArn', ram_role_arn: 'r', source_profile: 'x' }, 'does not exist'],
    ['has a key with a line break', { mode: 'AK', ...KEY, access_key_id: 'a\r\nb' }, 'control'],
    ['needs a new sign-in', { mode: 'CloudSSO' }, 'sign in again'],
    ['needs a new OAuth sign-in', { mode: 'oauth', oauth_site_type: 'CN' }, 'sign in again'],
    ['holds a placeholder', { mode: 'AK', ...KEY, access_key_id: `\${ALI_AK}` }, 'holds an unresolved placeholder'],
    [
      'has a relative token file',
      { mode: 'OIDC', ram_role_arn: 'r', oidc_provider_arn: 'p', oidc_token_file: 't' },
      'not an absolute path',
    ],
    [
      'names a URI that is a file',
      { mode: 'credentialsuri', credentials_uri: 'file:///x' },
      'not an http or https URL',
    ],
  ])('that %s is an error and not a way to another identity', async (_, profile, message) => {
    const home = await tempHome();
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...profile }] });
    const uri = await serve((_request, response) => response.end(sessionReply('other', 's', 't')));
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    await expect(openSource({ env, home: home.path }).get()).rejects.toThrow(message);
  });

  it('with the session that the CLI left for a login is used, while it is good for a while', async () => {
    const home = await tempHome();
    const login = { mode: 'CloudSSO', ...KEY, sts_token: 'token' };
    const inHours = (hours: number) => Math.floor(Date.now() / 1000) + hours * 3600;
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...login, sts_expiration: inHours(1) }] });
    const source = openSource({ env: environment(), home: home.path });
    expect(await source.get()).toMatchObject({ accessKeyId: 'id', securityToken: 'token' });
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...login, sts_expiration: inHours(0.1) }] });
    await expect(source.get()).rejects.toThrow('sign in again');
  });

  it('of mode CredentialsURI is asked for, and its keys are used', async () => {
    const home = await tempHome();
    const uri = await serve((_, response) => response.end(sessionReply('uri-id', 's', 't')));
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'CredentialsURI', credentials_uri: uri }],
    });
    const credentials = await openSource({ env: environment(), home: home.path }).get();
    expect(credentials).toMatchObject({ accessKeyId: 'uri-id', securityToken: 't', source: 'CLI profile "me"' });
  });

  it.each([
    ['is the blank one that the CLI writes', { current: 'default', profiles: [{ name: 'default', mode: 'AK' }] }],
    ['has neither mode nor keys', { current: 'default', profiles: [{ name: 'default', mode: '' }] }],
    ['does not exist', { current: 'gone', profiles: [] }],
  ])('that %s leaves the way to the next source', async (_, config) => {
    const home = await tempHome();
    await home.writeCliConfig(config);
    await home.writeCredentialsFile('[default]\ntype=access_key\naccess_key_id=id\naccess_key_secret=secret\n');
    const credentials = await openSource({ env: environment(), home: home.path }).get();
    expect(credentials.source).toBe('credentials file, section "default"');
  });

  it.runIf(process.platform !== 'win32')('of mode External runs its command, unless that is forbidden', async () => {
    const home = await tempHome();
    const command = join(home.path, 'sign-in.sh');
    const reply = { mode: 'StsToken', access_key_id: 'ext', access_key_secret: 's', sts_token: 't' };
    await writeFile(command, `#!/bin/sh\necho run >> '${home.path}/runs'\necho '${JSON.stringify(reply)}'\n`);
    await chmod(command, 0o700);
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: command }],
    });
    const source = openSource({ env: environment(), home: home.path });
    expect(await source.get()).toMatchObject({ accessKeyId: 'ext', securityToken: 't', source: 'CLI profile "me"' });
    await source.get();
    expect(await readFile(join(home.path, 'runs'), 'utf8')).toBe('run\n');
    const forbidden = environment({ ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS: '1' });
    await expect(openSource({ env: forbidden, home: home.path }).get()).rejects.toThrow('forbids');
  });
});

describe('a profile that was asked for', () => {
  it.each(['option', 'ALIBABA_CLOUD_PROFILE'])('by %s is the one used', async (way) => {
    const home = await tempHome();
    await home.writeCliConfig({
      current: 'default',
      profiles: [
        { name: 'default', mode: 'AK', access_key_id: 'other', access_key_secret: 'secret' },
        { name: 'prod', mode: 'AK', ...KEY },
      ],
    });
    const env = environment(way === 'option' ? {} : { ALIBABA_CLOUD_PROFILE: 'prod' });
    const profile = way === 'option' ? 'prod' : undefined;
    expect(await openSource({ env, home: home.path, profile }).get()).toMatchObject({
      accessKeyId: 'id',
      source: 'CLI profile "prod"',
    });
  });

  it('is looked for in the credentials file when the CLI does not know it', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('other', 'secret'));
    await home.writeCredentialsFile('[prod]\ntype=access_key\naccess_key_id=id\naccess_key_secret=secret\n');
    const credentials = await openSource({ env: environment(), home: home.path, profile: 'prod' }).get();
    expect(credentials).toMatchObject({ accessKeyId: 'id', source: 'credentials file, section "prod"' });
  });

  it('is an error when it exists nowhere, though other sources would answer', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('other', 'secret'));
    const uri = await serve((_, response) => response.end(sessionReply('other', 's', 't')));
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    await expect(openSource({ env, home: home.path, profile: 'prod' }).get()).rejects.toThrow(
      'No Alibaba Cloud profile "prod" was found. Looked at: environment variables: not set; ' +
        'CLI profile: ~/.aliyun/config.json has no profile "prod"; ' +
        'credentials file: ~/.alibabacloud/credentials does not exist.',
    );
  });

  it('counts as absent when the host passed its placeholder', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('id', 'secret'));
    const source = openSource({ env: environment(), home: home.path, profile: `\${user_config.profile}` });
    expect((await source.get()).source).toBe('CLI profile "default"');
  });
});

describe('the credentials file', () => {
  it('is read where ALIBABA_CLOUD_CREDENTIALS_FILE says, with comments, quotes and odd spacing', async () => {
    const home = await tempHome();
    const path = join(home.path, 'elsewhere.ini');
    await writeFile(
      path,
      '\uFEFF; comment\r\n[other]\r\n\r\n[default]\r\n# comment\r\n type = access_key \r\naccess_key_id = "id"\r\naccess_key_secret = se\\#cret=x ; note\r\n',
    );
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_FILE: path });
    expect(await openSource({ env, home: home.path }).get()).toMatchObject({
      accessKeyId: 'id',
      accessKeySecret: 'se#cret=x',
    });
  });

  it.each([
    [
      'a section without a type',
      '[default]\naccess_key_id=id\n',
      'section "default" of ~/.alibabacloud/credentials has no type',
    ],
    ['a section without a secret', '[default]\ntype=access_key\naccess_key_id=id\n', 'has no access_key_secret'],
    ['an unknown type', '[default]\ntype=magic\n', 'has a type other than'],
  ])('is an error with %s', async (_, text, message) => {
    const home = await tempHome();
    await home.writeCredentialsFile(text);
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow(message);
  });

  it('is an error when it cannot be read', async () => {
    const home = await tempHome();
    await mkdir(join(home.path, '.alibabacloud', 'credentials'), { recursive: true });
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow(
      '~/.alibabacloud/credentials cannot be read (EISDIR)',
    );
  });
});
