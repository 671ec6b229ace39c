import { describe, expect, it } from 'vitest';
import { generatedData, sampleData, startEmulator } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const REGIONS = ['cn-hangzhou', 'cn-shanghai', 'eu-central-1'];

describe('an emulator of several regions', () => {
  it('has an endpoint for each, and calls the first one its own', async () => {
    const emulator = await start({ regions: REGIONS });
    expect(Object.keys(emulator.endpoints)).toEqual(REGIONS);
    expect(new Set(Object.values(emulator.endpoints)).size).toBe(3);
    expect(emulator).toMatchObject({ regionId: 'cn-hangzhou', endpoint: emulator.endpoints['cn-hangzhou'] });
    expect(emulator.region('eu-central-1').endpoint).toBe(emulator.endpoints['eu-central-1']);
    expect(() => emulator.region('cn-beijing')).toThrow('"cn-beijing" is not emulated');
  });

  it('names exactly its regions in DescribeRegions, at each endpoint', async () => {
    const emulator = await start({ regions: REGIONS });
    for (const regionId of REGIONS) {
      const reply = await callV1(emulator, 'DescribeRegions', {}, { regionId });
      expect(reply.json['Regions']).toEqual({ Region: REGIONS.map((RegionId) => ({ RegionId })) });
    }
  });

  it('holds in each region what the data gives it, where secrets may have the same names', async () => {
    const emulator = await start({
      regions: ['cn-hangzhou', 'cn-shanghai'],
      data: {
        secrets: [{ SecretName: 'MyDbCredentials', Tags: { legacy: 'yes' } }],
        regions: { 'cn-shanghai': { secrets: [{ SecretName: 'MyDbCredentials', Tags: { env: 'prod' } }] } },
      },
    });
    const untag = { SecretName: 'MyDbCredentials', TagKeys: '["env","legacy"]' };
    expect((await callV1(emulator, 'UntagResource', untag, { regionId: 'cn-shanghai' })).status).toBe(200);
    expect(emulator.region('cn-shanghai').tagsOf('secret', 'MyDbCredentials')).toEqual({});
    expect(emulator.tagsOf('secret', 'MyDbCredentials')).toEqual({ legacy: 'yes' });
    const described = await callV1(emulator, 'DescribeSecret', untag, { regionId: 'cn-shanghai' });
    expect(described.json['Arn']).toBe(`acs:kms:cn-shanghai:${emulator.accountId}:secret/MyDbCredentials`);
  });

  it('gives each region generated keys of its own', async () => {
    const emulator = await start({ regions: REGIONS, keys: 12 });
    for (const regionId of REGIONS) {
      expect((await callV1(emulator, 'ListKeys', {}, { regionId })).json['TotalCount']).toBe(12);
    }
    const { keys, regions } = generatedData(2, ['cn-shanghai']);
    const ids = [...(keys ?? []), ...(regions?.['cn-shanghai']?.keys ?? [])].map(({ KeyId }) => KeyId);
    expect(ids).toEqual(['key-000001', 'key-000002', 'key-cn-shanghai-000001', 'key-cn-shanghai-000002']);
  });

  it('has sample data in each region, with other keys and secrets of the same names', () => {
    const { keys = [], secrets = [], regions = {} } = sampleData(['cn-shanghai', 'cn-beijing']);
    const [shanghai, beijing] = [regions['cn-shanghai'], regions['cn-beijing']];
    const ids = [keys, shanghai?.keys ?? [], beijing?.keys ?? []].flatMap((list) => list.map(({ KeyId }) => KeyId));
    expect(new Set(ids).size).toBe(ids.length);
    for (const region of [shanghai, beijing]) {
      const names = region?.secrets?.map(({ SecretName }) => SecretName);
      expect(names).toContain('MyDbCredentials');
      expect(secrets.map(({ SecretName }) => SecretName)).toEqual(expect.arrayContaining(names ?? ['none']));
    }
  });

  it('refuses a request that names another region than that of the endpoint', async () => {
    const emulator = await start({ regions: REGIONS });
    const reply = await callV1(emulator, 'ListKeys', { RegionId: 'cn-shanghai' });
    expect(reply.json).toMatchObject({ Code: 'InvalidRegionId.NotFound', HostId: 'kms.cn-hangzhou.aliyuncs.com' });
    expect((await callV1(emulator, 'ListKeys', { RegionId: 'cn-shanghai' }, { regionId: 'cn-shanghai' })).status).toBe(
      200,
    );
  });

  it('is one account: the same identity and access keys everywhere', async () => {
    const emulator = await start({ regions: REGIONS, keys: 1 });
    emulator.rotateAccessKey({ accessKeyId: 'next', accessKeySecret: 'next-secret' });
    for (const regionId of REGIONS) {
      const reply = await callV1(emulator, 'GetCallerIdentity', { Version: '2015-04-01' }, { regionId });
      expect(reply.json['AccountId']).toBe(emulator.accountId);
    }
  });

  it('counts quota, and requests in the log, region by region', async () => {
    const now = Date.now();
    const emulator = await start({ regions: ['cn-hangzhou', 'cn-shanghai'], quota: true, clock: () => now });
    const list = (regionId: string) => callV1(emulator, 'ListSecrets', {}, { regionId, now });
    for (let round = 0; round < 40; round += 1) {
      expect((await list('cn-hangzhou')).status).toBe(200);
    }
    expect((await list('cn-hangzhou')).status).toBe(429);
    expect((await list('cn-shanghai')).status).toBe(200);
    expect(emulator.region('cn-hangzhou').count('ListSecrets')).toBe(41);
    expect(emulator.region('cn-shanghai').requests).toMatchObject([{ regionId: 'cn-shanghai', outcome: 'ok' }]);
    expect(emulator.count()).toBe(42);
    expect(emulator.requests.at(-1)).toMatchObject({ regionId: 'cn-shanghai' });
  });

  it('has faults of its own in each region, from one plan or several', async () => {
    const emulator = await start({ regions: ['cn-hangzhou', 'cn-shanghai'], faults: { script: ['error503'] } });
    const status = async (regionId: string) => (await callV1(emulator, 'ListKeys', {}, { regionId })).status;
    expect([await status('cn-hangzhou'), await status('cn-hangzhou')]).toEqual([503, 200]);
    expect([await status('cn-shanghai'), await status('cn-shanghai')]).toEqual([503, 200]);
    emulator.region('cn-shanghai').setFaults('error500:1');
    expect([await status('cn-hangzhou'), await status('cn-shanghai')]).toEqual([200, 500]);
    emulator.setFaults(undefined);
    expect([await status('cn-hangzhou'), await status('cn-shanghai')]).toEqual([200, 200]);
  });

  it('draws differently in each region from one seed, and the same in each run', async () => {
    const outcomes = async () => {
      const emulator = await start({ regions: ['cn-hangzhou', 'cn-shanghai'], faults: 'error503:0.5,seed:7' });
      for (let round = 0; round < 30; round += 1) {
        for (const regionId of ['cn-hangzhou', 'cn-shanghai']) {
          await callV1(emulator, 'ListKeys', {}, { regionId });
        }
      }
      return ['cn-hangzhou', 'cn-shanghai'].map((regionId) =>
        emulator.region(regionId).requests.map(({ outcome }) => outcome),
      );
    };
    const first = await outcomes();
    expect(await outcomes()).toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it('closes all of its endpoints', async () => {
    const emulator = await start({ regions: REGIONS });
    await emulator.close();
    for (const endpoint of Object.values(emulator.endpoints)) {
      await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
    }
  });

  it('starts a region for each one in the data, and none at all when one port is taken', async () => {
    const emulator = await start({ data: { regions: { 'cn-shanghai': { keys: [{ KeyId: 'k' }] } } } });
    expect(Object.keys(emulator.endpoints)).toEqual(['cn-hangzhou', 'cn-shanghai']);
    const port = Number(new URL(emulator.endpoints['cn-shanghai'] ?? '').port);
    await expect(startEmulator({ port: port - 1, regions: REGIONS })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each([
    [{ regions: [] }, 'at least one region'],
    [{ regions: ['cn-hangzhou', 'cn-hangzhou'] }, 'each of them once'],
    [{ regions: ['cn-hangzhou'], regionId: 'cn-hangzhou' }, 'not both'],
    [{ regions: ['cn-hangzhou'], data: { regions: { 'cn-beijing': {} } } }, '"cn-beijing", which is not among'],
    [{ data: { keys: [], regions: { 'cn-hangzhou': { keys: [] } } } }, 'keys of cn-hangzhou twice'],
  ])('does not start with %j: %s', async (options, message) => {
    await expect(startEmulator(options)).rejects.toThrow(message);
  });
});
