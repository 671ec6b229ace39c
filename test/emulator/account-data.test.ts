import { describe, expect, it } from 'vitest';
import { generatedData, parseAccountData, sampleData, startEmulator } from '../../emulator/index.js';
import { emulators, SAMPLE_CERTIFICATE, SAMPLE_KEY } from '../support/running-emulator.js';

const start = emulators();

describe('sample data', () => {
  it('holds the resources of the sample page', async () => {
    const emulator = await start();
    for (const [type, id] of [
      ['key', SAMPLE_KEY],
      ['secret', 'MyDbCredentials'],
      ['certificate', SAMPLE_CERTIFICATE],
    ] as const) {
      expect(emulator.tagsOf(type, id)).toEqual({ tagkey1: 'tagvalue1', tagkey2: 'tagvalue2', owner: 'alice' });
    }
  });

  it('is valid as a data file', () => {
    expect(parseAccountData(JSON.stringify(sampleData()))).toEqual(sampleData());
  });
});

describe('generated data', () => {
  it('gives each key temp and env, and nine in ten an owner', () => {
    const keys = generatedData(2000).keys ?? [];
    expect(keys).toHaveLength(2000);
    expect(keys[0]?.KeyId).toBe('key-000001');
    expect(new Set(keys.map((key) => key.Tags?.['temp'])).size).toBe(20);
    expect(new Set(keys.map((key) => key.Tags?.['env']))).toEqual(new Set(['dev', 'test', 'prod']));
    expect(keys.filter((key) => key.Tags?.['owner'] !== undefined)).toHaveLength(1800);
  });

  it.each([-1, 1.5, Number.NaN])('refuses %d keys', (keys) => {
    expect(() => generatedData(keys)).toThrow('whole number');
  });

  it('is not mixed with given data', async () => {
    await expect(startEmulator({ keys: 1, data: {} })).rejects.toThrow('not both');
  });
});

describe('data file', () => {
  it('needs nothing but identifiers', () => {
    expect(parseAccountData('{"keys":[{"KeyId":"k"}]}')).toEqual({ keys: [{ KeyId: 'k' }] });
    expect(parseAccountData('{}')).toEqual({});
  });

  it.each([
    ['{', 'not valid JSON'],
    ['[]', 'wrong at the top'],
    ['{"key":[]}', 'wrong at the top'],
    ['{"keys":[{}]}', 'keys[0].KeyId'],
    ['{"keys":[{"KeyId":"a"},{"KeyId":"b","Tags":{"x":1}}]}', 'keys[1].Tags.x'],
    ['{"keys":[{"KeyId":"a","KeyState":"Gone"}]}', 'keys[0].KeyState'],
    ['{"keys":[{"KeyId":"a","Alias":"payments"}]}', 'must start with "alias/"'],
    ['{"secrets":[{"SecretName":"s","Value":"v"}]}', 'secrets[0]'],
    ['{"secrets":[{"SecretName":"s"},{"SecretName":"s"}]}', 'SecretName "s" is there twice'],
    ['{"certificates":[{"CertificateId":""}]}', 'certificates[0].CertificateId'],
    ['{"AccountId":"12"}', 'AccountId'],
    ['{"regions":{"Hangzhou":{}}}', 'regions.Hangzhou'],
    ['{"regions":{"cn-beijing":{"keys":[{"KeyId":"k"},{"KeyId":"k"}]}}}', 'regions.cn-beijing.keys: KeyId "k"'],
    ['{"regions":{"cn-beijing":{"regions":{}}}}', 'regions.cn-beijing'],
  ])('%s is refused: %s', (json, message) => {
    expect(() => parseAccountData(json)).toThrow(message);
  });
});
