import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopback, isRegionId, regionOfEndpoint, resolveEndpoint } from '../../src/aliyun/kms/region.js';

describe('a region ID', () => {
  it.each([
    'cn-hangzhou',
    'cn-hangzhou-finance',
    'cn-shenzhen-finance-1',
    'cn-heyuan-acdr-1',
    'cn-zhengzhou-jva',
    'ap-southeast-1',
    'na-south-1',
    'me-east-1',
  ])('%s is one', (text) => {
    expect(isRegionId(text)).toBe(true);
  });

  it.each([
    '',
    'cn',
    'cn-',
    '-cn',
    'cn--hangzhou',
    'CN-hangzhou',
    'cn-hangzhou\n',
    'cn-hangzhou.evil.com',
    'cn-hangzhou/../x',
    'cn-hangzhou#',
    'cn-hangzhou:80',
    'cn-hangzhou@evil.com',
    'cn_hangzhou',
    'cn-häng',
    '127-0-0-1',
    `cn-${'a'.repeat(61)}`,
  ])('%j is none', (text) => {
    expect(isRegionId(text)).toBe(false);
  });

  it('is all that ever becomes part of a host name', () => {
    const part = fc.constantFrom(
      'cn',
      'hangzhou',
      'a1',
      '-',
      '--',
      '.',
      '/',
      '@',
      ':',
      '#',
      '?',
      '%2e',
      '\\',
      ' ',
      '\n',
      'é',
      '',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
      fc.array(fc.constantFrom('a', 'cn', 'x1', '9'), { minLength: 2, maxLength: 5 }).map((parts) => parts.join('-')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('public', 'vpc'), (regionId, network) => {
        const resolve = () => resolveEndpoint(regionId, { endpoint: undefined, network });
        if (!isRegionId(regionId)) {
          expect(resolve).toThrow(TypeError);
          return;
        }
        const origin = resolve();
        const url = new URL(origin);
        expect(url.origin).toBe(origin);
        expect(url.hostname).toBe(`${network === 'vpc' ? 'kms-vpc' : 'kms'}.${regionId}.aliyuncs.com`);
        expect(regionOfEndpoint(origin)).toBe(regionId);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an endpoint', () => {
  it('that is given is used, whatever the region', () => {
    const endpoint = 'https://kms.example.com';
    expect(resolveEndpoint('cn-hangzhou', { endpoint, network: 'vpc' })).toBe(endpoint);
  });

  it.each([
    ['https://kms.cn-beijing.aliyuncs.com', 'cn-beijing'],
    ['https://kms-vpc.cn-beijing.aliyuncs.com', 'cn-beijing'],
    ['https://kms.cn-beijing.aliyuncs.com:8443', 'cn-beijing'],
    ['https://ecs.cn-beijing.aliyuncs.com', undefined],
    ['https://kms.cn-beijing.aliyuncs.com.evil.com', undefined],
    ['https://127.0.0.1', undefined],
  ])('%s serves the region %s', (origin, region) => {
    expect(regionOfEndpoint(origin)).toBe(region);
  });

  it.each([
    ['http://localhost:1', true],
    ['http://127.0.0.1', true],
    ['http://127.255.0.9:80', true],
    ['http://127.1', true],
    ['http://[::1]:3000', true],
    ['http://0.0.0.0', false],
    ['http://127.0.0.1.nip.io', false],
    ['http://localhost.evil.com', false],
    ['http://[::ffff:10.0.0.1]', false],
    ['http://10.0.0.1', false],
    ['http://100.100.100.200', false],
  ])('%s is on this machine: %s', (origin, expected) => {
    expect(isLoopback(origin)).toBe(expected);
  });
});
