import { describe, expect, it } from 'vitest';
import { canonicalQuery, percentEncode } from '../../src/rpc/percent-encode.js';
import { signV1 } from '../../src/rpc/signature-v1.js';
import { EMPTY_BODY_SHA256, signV3 } from '../../src/rpc/signature-v3.js';

describe('percentEncode', () => {
  it.each([
    ['a b', 'a%20b'],
    ["!'()*", '%21%27%28%29%2A'],
    ['-_.~', '-_.~'],
    ['é', '%C3%A9'],
    ['["a","b"]', '%5B%22a%22%2C%22b%22%5D'],
  ])('encodes %j as %j', (text, expected) => {
    expect(percentEncode(text)).toBe(expected);
  });

  it('sorts parameters by name in code-unit order', () => {
    expect(canonicalQuery({ 'TagKey.2': 'b', 'TagKey.10': 'c', A: '' })).toBe('A=&TagKey.10=c&TagKey.2=b');
  });
});

const fixed = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0', AccessKeyId: 'testid' };
const kms = {
  ...fixed,
  Format: 'JSON',
  Version: '2016-01-20',
  SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
  Timestamp: '2026-11-24T00:00:00Z',
};
const untag = {
  ...kms,
  Action: 'UntagResource',
  KeyId: 'key-hzz630494463ejqjx0000',
  TagKeys: '["tagkey1","tagkey2"]',
};

describe('HMAC-SHA1 RPC signature', () => {
  it.each([
    {
      id: 'P1, published on the RPC signature page',
      method: 'GET',
      parameters: {
        ...fixed,
        Action: 'DescribeRegions',
        Format: 'XML',
        SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
        Timestamp: '2016-02-23T12:46:24Z',
        Version: '2014-05-26',
      },
      expected: 'OLeaidS1JvxuMvnyHOwuJ+uX5qY=',
    },
    {
      id: 'P2, the fixed parameter example of the RPC mechanism page',
      method: 'GET',
      parameters: {
        ...fixed,
        Action: 'DescribeDedicatedHosts',
        Format: 'JSON',
        RegionId: 'cn-beijing',
        SignatureNonce: 'edb2b34af0af9a6d14deaf7c1a5315eb',
        Timestamp: '2023-03-13T08:34:30Z',
        Version: '2014-05-26',
      },
      expected: '9NaGiOspFP5UPcwX8Iwt2YJXXuk=',
    },
    { id: 'D1, UntagResource by POST', method: 'POST', parameters: untag, expected: '1NQHw9oSNRrMMhRdZ63gpoy4dws=' },
    { id: 'D2, UntagResource by GET', method: 'GET', parameters: untag, expected: 'nf7agRUfFPh5PMKoyygfZePmlyI=' },
    {
      id: 'D4, flattened lists in code-unit order',
      method: 'POST',
      parameters: {
        ...kms,
        Action: 'UntagResources',
        RegionId: 'cn-hangzhou',
        ResourceType: 'key',
        'ResourceId.1': 'key-a',
        'ResourceId.2': 'key-b',
        'TagKey.1': 'k1',
        'TagKey.10': 'k10',
        'TagKey.2': 'k2',
      },
      expected: '0bFPnUiIdrf7Kag/UDXl7BR5/fs=',
    },
  ])('$id', ({ method, parameters, expected }) => {
    expect(signV1({ method, parameters, accessKeySecret: 'testsecret' })).toBe(expected);
  });
});

describe('ACS3-HMAC-SHA256 signature', () => {
  it('P6, published on the V3 page', () => {
    const result = signV3({
      method: 'POST',
      path: '/',
      query: canonicalQuery({
        ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd',
        RegionId: 'cn-shanghai',
      }),
      headers: [
        ['host', 'ecs.cn-shanghai.aliyuncs.com'],
        ['x-acs-action', 'RunInstances'],
        ['x-acs-content-sha256', EMPTY_BODY_SHA256],
        ['x-acs-date', '2023-10-26T10:22:32Z'],
        ['x-acs-signature-nonce', '3156853299f313e23d1673dc12e1703d'],
        ['x-acs-version', '2014-05-26'],
      ].flat(),
      bodySha256: EMPTY_BODY_SHA256,
      accessKeySecret: 'YourAccessKeySecret',
    });
    expect(result).toEqual({
      signedHeaders: 'host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version',
      hashedCanonicalRequest: '7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
      signature: '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    });
  });

  it('E1, UntagResource as the official openapi-util signs it', () => {
    const result = signV3({
      method: 'POST',
      path: '/',
      query: canonicalQuery({ KeyId: 'key-hzz630494463ejqjx0000', TagKeys: '["tagkey1","tagkey2"]' }),
      headers: [
        ['host', 'kms.cn-hangzhou.aliyuncs.com'],
        ['x-acs-action', 'UntagResource'],
        ['x-acs-content-sha256', EMPTY_BODY_SHA256],
        ['x-acs-date', '2026-11-24T00:00:00Z'],
        ['x-acs-signature-nonce', '3ee8c1b883d344afa94f4e0ad82fd6cf'],
        ['x-acs-version', '2016-01-20'],
      ].flat(),
      bodySha256: EMPTY_BODY_SHA256,
      accessKeySecret: 'testsecret',
    });
    expect(result.hashedCanonicalRequest).toBe('c0160764590f38f23e671b09c9242ba83663bc76ff6ed5e7672a15cd5cb53834');
    expect(result.signature).toBe('8d8b3455e29a7271836e72af71c2c310d64772d87b4ed64d0df2a4c2dc4f9dc9');
  });
});
