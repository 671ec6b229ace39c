import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { emulators, SAMPLE_KEY } from '../support/running-emulator.js';
import { type Call, kmsSdk, type Overrides, openApiClient, popCore } from './official-clients.js';

const start = emulators();

interface ClientCase {
  readonly client: string;
  readonly connect: (emulator: Emulator, overrides?: Overrides) => Call;
}
const clients: readonly ClientCase[] = [
  { client: 'pop-core by GET', connect: (to, overrides) => popCore(to, 'GET', overrides) },
  { client: 'pop-core by POST', connect: (to, overrides) => popCore(to, 'POST', overrides) },
  { client: 'kms20160120', connect: kmsSdk },
  { client: 'openapi-client', connect: openApiClient },
];

describe.each(clients)('$client', ({ connect }) => {
  it('removes the tags of the sample page from key and secret', async () => {
    const emulator = await start();
    const call = connect(emulator);
    for (const [type, name, id] of [
      ['key', 'KeyId', SAMPLE_KEY],
      ['secret', 'SecretName', 'MyDbCredentials'],
    ] as const) {
      await call('UntagResource', { [name]: id, TagKeys: '["tagkey1","tagkey2"]' });
      expect(emulator.tagsOf(type, id)).toEqual({ owner: 'alice' });
    }
  });

  it('reads back a tag whose value needs every kind of encoding', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k' }] } });
    const call = connect(emulator);
    emulator.setTag('key', 'k', "it's (a) *tag*!", '~é😀+%26 ');
    await call('TagResource', { KeyId: 'k', Tags: '[{"TagKey":"a/b+c=d","TagValue":"x@y:z"}]' });
    const reply = JSON.stringify(await call('ListResourceTags', { KeyId: 'k' }));
    expect(reply).toContain('~é😀+%26 ');
    await call('UntagResource', { KeyId: 'k', TagKeys: JSON.stringify(["it's (a) *tag*!"]) });
    expect(emulator.tagsOf('key', 'k')).toEqual({ 'a/b+c=d': 'x@y:z' });
  });

  it.each([
    { reason: 'a wrong secret', overrides: { accessKeySecret: 'wrong' }, code: 'SignatureDoesNotMatch' },
    { reason: 'an unknown access key', overrides: { accessKeyId: 'nobody' }, code: 'InvalidAccessKeyId.NotFound' },
    { reason: 'a token nobody issued', overrides: { securityToken: 't' }, code: 'InvalidSecurityToken.Mismatch' },
  ])('is told $code for $reason', async ({ overrides, code }) => {
    const call = connect(await start(), overrides);
    await expect(call('DescribeRegions', {})).rejects.toMatchObject({ code: expect.stringContaining(code) });
  });

  it('is told that its clock is off', async () => {
    const call = connect(await start({ clock: () => Date.now() + 16 * 60_000 }));
    const code = expect.stringContaining('InvalidTimeStamp.Expired');
    await expect(call('DescribeRegions', {})).rejects.toMatchObject({ code });
  });

  it('is let in with the session token, and told when the token has expired', async () => {
    const securityToken = 'CAISzgJ1q6Ft5B2y+abc/def==';
    const emulator = await start({ securityToken });
    const call = connect(emulator, { securityToken });
    await call('DescribeRegions', {});
    emulator.expireSecurityToken();
    const code = expect.stringContaining('InvalidSecurityToken.Expired');
    await expect(call('DescribeRegions', {})).rejects.toMatchObject({ code });
  });

  it('is told QPS Limit Exceeded when the service throttles', async () => {
    const call = connect(await start({ faults: { script: ['throttle429'] } }));
    const code = expect.stringContaining('Rejected.Throttling');
    await expect(call('DescribeRegions', {})).rejects.toMatchObject({ code });
    await call('DescribeRegions', {});
  });
});

it('pop-core pages through ListTagResources with flattened lists', async () => {
  const call = popCore(await start({ keys: 300 }), 'GET');
  const page = await call('ListTagResources', {
    RegionId: 'cn-hangzhou',
    ResourceType: 'key',
    'Tag.1.Key': 'temp',
    'Tag.1.Value': 'temp-01',
  });
  expect(page).toMatchObject({ NextToken: '', TagResources: { TagResource: expect.anything() } });
});
