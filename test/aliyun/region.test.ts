import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRegionId, regionOfEndpoint, resolveEndpoint, servedRegions } from '../../src/aliyun/kms/region.js';
import { isLoopback } from '../../src/base/loopback.js';

describe('a region ID', () => {
  it.each([
    'cn-hangzhou',
    'cn-hangzhou-finance',
    'cn-shenzhen-finance-1',
    'cn-heyuan-acdr-1',
    'cn-zhengzhou-jva',
    'cn-wuhan-lr',
    'cn-beijing-finance-1',
    'cn-north-2-gov-1',
    'cn-qingdao-acdr-ut-1',
    'ap-southeast-1',
    'ap-northeast-2',
    'eu-central-1',
    'us-west-1',
    'na-south-1',
    'me-east-1',
    'me-central-1',
    'sa-east-1',
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
    'oss-cn-hangzhou',
    'oss-cn-hangzhou-internal',
    'cn-hangzhou-internal',
    'kms-vpc-cn-hangzhou',
    'fc-cn-hangzhou',
    'cn-hangzhou-vpc',
    'cn-hangzhou-h',
    'us-west-1a',
    'ap-southeast',
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
      fc
        .array(fc.constantFrom('cn', 'us', 'hangzhou', 'east', 'finance', '1', 'x1', '9'), {
          minLength: 2,
          maxLength: 5,
        })
        .map((parts) => parts.join('-')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('public', 'vpc'), (regionId, network) => {
        const resolve = () => resolveEndpoint(regionId, { endpoint: undefined, network });
        if (!isRegionId(regionId)) {
          expect(resolve).toThrow(TypeError);
          return;
        }
        const origin = resolve() ?? '';
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
    const endpoint = { kind: 'one', url: 'https://kms.example.com' } as const;
    expect(resolveEndpoint('cn-hangzhou', { endpoint, network: 'vpc' })).toBe(endpoint.url);
  });

  it('of a list is used for its own region, and there is none for another', () => {
    const urls = new Map([['cn-hangzhou', 'https://a.example']]);
    const endpoint = { kind: 'by-region', urls } as const;
    expect(resolveEndpoint('cn-hangzhou', { endpoint, network: 'public' })).toBe('https://a.example');
    expect(resolveEndpoint('cn-beijing', { endpoint, network: 'public' })).toBeUndefined();
  });

  it.each([
    [undefined, undefined],
    [{ kind: 'one', url: 'https://kms.example.com' }, 'eu-west-1'],
    [{ kind: 'one', url: 'https://kms-vpc.cn-beijing.aliyuncs.com' }, 'cn-beijing'],
    [{ kind: 'by-region', urls: new Map([['cn-shanghai', 'https://a.example']]) }, 'cn-shanghai'],
    [
      {
        kind: 'by-region',
        urls: new Map([
          ['cn-shanghai', 'https://a'],
          ['cn-beijing', 'https://b'],
        ]),
      },
      'cn-shanghai,cn-beijing',
    ],
  ] as const)('%j serves the regions %s', (endpoint, regions) => {
    expect(servedRegions(endpoint, 'eu-west-1')?.join()).toBe(regions);
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
