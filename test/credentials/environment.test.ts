// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what hosts leave unexpanded is tested here
import { describe, expect, it } from 'vitest';
import { environmentCredentials } from '../../src/credentials/environment.js';
import { CANARY, canariesIn, everythingOf } from './canary.js';
import { environment, keyProfile, openSource, tempHome } from './temp-home.js';

const ID = 'ALIBABA_CLOUD_ACCESS_KEY_ID';
const SECRET = 'ALIBABA_CLOUD_ACCESS_KEY_SECRET';
const TOKEN = 'ALIBABA_CLOUD_SECURITY_TOKEN';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('credentials from environment variables', () => {
  it('are the three variables without surrounding white space', () => {
    expect(environmentCredentials({ [ID]: ' id\n', [SECRET]: '\tsecret ', [TOKEN]: 'token\r\n' })).toEqual({
      accessKeyId: 'id',
      accessKeySecret: 'secret',
      securityToken: 'token',
      source: 'environment variables',
    });
  });

  it.each([
    ['an empty token', ''],
    ['an empty field of an MCPB host', `\${user_config.security_token}`],
  ])('have no token when the variable holds %s', (_, token) => {
    expect(environmentCredentials({ [ID]: 'id', [SECRET]: 'secret', [TOKEN]: token })).not.toHaveProperty(
      'securityToken',
    );
  });

  it.each([
    ['nothing', {}],
    ['empty text', { [ID]: '', [SECRET]: '' }],
    ['white space', { [ID]: ' ', [SECRET]: '\n' }],
    ['placeholders', { [ID]: `\${user_config.access_key_id}`, [SECRET]: `\${user_config.access_key_secret}` }],
  ])('are absent when the variables hold %s', (_, env) => {
    expect(environmentCredentials(env)).toBeUndefined();
  });

  it.each([
    ['the secret', { [ID]: 'id' }, `${SECRET} is missing`],
    ['the id', { [SECRET]: CANARY.secret }, `${ID} is missing`],
    [
      'the secret, which is a placeholder',
      { [ID]: 'id', [SECRET]: `\${user_config.access_key_secret}` },
      `${SECRET} is missing`,
    ],
  ])('are an error that names %s when only the other is set', (_, env, message) => {
    const error = thrownBy(() => environmentCredentials(env));
    expect(error).toMatchObject({ name: 'CredentialsError', message: expect.stringContaining(message) });
    expect(canariesIn(everythingOf(error))).toEqual([]);
  });

  it.each([
    ['a line break', `${CANARY.secret}\r\nx-acs-action: DeleteKey`],
    ['a NUL', `${CANARY.secret}\0x`],
    ['a space', `${CANARY.secret} x`],
    ['a typographic quote', `“${CANARY.secret}”`],
  ])('are an error that does not repeat a value with %s inside', (_, value) => {
    for (const env of [
      { [ID]: value, [SECRET]: 's' },
      { [ID]: 'i', [SECRET]: value },
      { [ID]: 'i', [SECRET]: 's', [TOKEN]: value },
    ]) {
      const error = thrownBy(() => environmentCredentials(env));
      expect(error).toMatchObject({ name: 'CredentialsError' });
      expect(canariesIn(everythingOf(error))).toEqual([]);
    }
  });

  it.each(['${env:ALI_AK}', '%ALI_AK%', '$(ALI_AK)', '$ALI_AK'])(
    'are an error that names the variable when one holds the unresolved placeholder %s',
    (text) => {
      for (const name of [ID, SECRET, TOKEN]) {
        const env = { [ID]: 'id', [SECRET]: 'secret', [TOKEN]: 'token', [name]: text };
        expect(thrownBy(() => environmentCredentials(env))).toMatchObject({
          name: 'CredentialsError',
          message: expect.stringMatching(`^${name} holds an unresolved placeholder`),
        });
      }
    },
  );

  it('come before every other source, and say so when a profile was asked for', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('profile-id', 'profile-secret', 'prod'));
    const env = environment({ [ID]: 'env-id', [SECRET]: 'env-secret' });
    const source = openSource({ env, home: home.path, profile: 'prod' });
    expect(await source.get()).toMatchObject({
      accessKeyId: 'env-id',
      source: 'environment variables (they come before profile "prod")',
    });
  });

  it('are seen when they are set, rotated or removed while the server runs', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('profile-id', 'profile-secret'));
    const env = environment();
    const source = openSource({ env, home: home.path });
    expect((await source.get()).accessKeyId).toBe('profile-id');
    Object.assign(env, { [ID]: 'env-1', [SECRET]: 's1' });
    const first = await source.get();
    expect(first.accessKeyId).toBe('env-1');
    Object.assign(env, { [ID]: 'env-2', [SECRET]: 's2' });
    expect((await source.refresh(first)).accessKeyId).toBe('env-2');
    expect((await source.get()).accessKeyId).toBe('env-2');
    delete env[ID];
    delete env[SECRET];
    expect((await source.get()).accessKeyId).toBe('profile-id');
  });
});
