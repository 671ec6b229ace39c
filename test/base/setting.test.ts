// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what hosts leave unexpanded is tested here
import { describe, expect, it } from 'vitest';
import { absolutePath, homeDirectory } from '../../src/base/absolute-path.js';
import { holdsPlaceholder, plainSetting, SettingError } from '../../src/base/setting.js';

describe('an unresolved placeholder', () => {
  it.each([
    '${HOME}/state',
    '${env:ALI_AK}',
    '${input:secret}',
    '${AK:-}',
    'acs:ram::${ACCOUNT}:role/r',
    '${unclosed',
    '$(POD_NAMESPACE)',
    'redis://:$(REDIS_PASSWORD)@redis:6379',
    '{{ .Values.key }}',
    '$ALI_AK',
    '$env:ALI_AK',
    '%ALI_AK%',
    '%ACCESS_KEY%',
    '%LOCALAPPDATA%\\kms',
    'C:\\Users\\%USERNAME%\\kms',
    'http://%PROXY_HOST%:3128',
    'http://user:%PASSWORD%@proxy:3128',
    '%ProgramFiles(x86)%\\x',
    'alice=%TOKEN%',
    'cost,%EXTRA%',
  ])('stands in %s', (text) => {
    expect(holdsPlaceholder(text)).toBe(true);
    expect(() => plainSetting('X', text)).toThrow(SettingError);
  });

  it.each([
    'LTAI5tExample',
    'cost-*',
    '100%',
    '50%,60%',
    'http://user:pa%20ss%40x@proxy:3128',
    'redis://:%41DMIN%42@redis',
    'redis://:%ADmin%40@redis',
    'redis://:%AB%CD@redis',
    'pa$$word$',
    '$2b$10$hash',
    'a{b}c',
    'x%Yz%Abc',
  ])('does not stand in %s', (text) => {
    expect(holdsPlaceholder(text)).toBe(false);
  });

  it.each([undefined, '', ' ', '${user_config.region}', ' ${user_config.region} '])(
    'is not what %j is: absent',
    (text) => {
      expect(plainSetting('X', text)).toBeUndefined();
    },
  );

  it('is named by its setting and never repeated', () => {
    expect(() => plainSetting('KMS_TAGS_PROTECT', '${Canary9Zq}')).toThrow(
      /^KMS_TAGS_PROTECT holds an unresolved placeholder, such as \$\{…\} or %…%$/,
    );
  });
});

describe('a path from a setting', () => {
  it.each([
    ['/var/lib/tags', '/var/lib/tags'],
    ['~', '/home/u'],
    ['~/kms-journal', '/home/u/kms-journal'],
    ['/a/~/b', '/a/~/b'],
  ])('%s is %s', (text, path) => {
    expect(absolutePath(text, '/home/u')).toBe(path);
  });

  it.each(['state', './state', '../state', '~other/state', 'file:///x'])('is refused when it is %s', (text) => {
    expect(() => absolutePath(text, '/home/u')).toThrow('must be an absolute path, or begin with ~/');
  });

  it('that begins with ~ needs a home directory', () => {
    expect(() => absolutePath('~/x', undefined)).toThrow('there is no home directory');
    expect(absolutePath('/x', undefined)).toBe('/x');
  });
});

describe('the home directory', () => {
  it.each([
    [{ HOME: '/h', USERPROFILE: '/u' }, '/h'],
    [{ USERPROFILE: '/u' }, '/u'],
    [{ HOME: '', USERPROFILE: '/u' }, '/u'],
    [{ HOME: 'relative' }, undefined],
  ])('of %j is %s', (env, home) => {
    expect(homeDirectory(env)).toBe(home);
  });

  it('with an unresolved placeholder is an error', () => {
    expect(() => homeDirectory({ HOME: '${HOME}' })).toThrow('HOME holds an unresolved placeholder');
  });
});
