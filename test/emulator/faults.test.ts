import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { faultTable } from '../../emulator/faults/fault-table.js';
import { type Emulator, type FaultPlan, faultKinds, parseFaultSpec } from '../../emulator/index.js';
import { OPTIONS } from '../../src/cli/options.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const untag = (emulator: Emulator) => callV1(emulator, 'UntagResource', { KeyId: 'k', TagKeys: '["a"]' });
const startWith = (faults: FaultPlan | string) =>
  start({ faults, data: { keys: [{ KeyId: 'k', Tags: { a: '1', b: '2' } }] } });
const isUnchanged = (emulator: Emulator) => emulator.tagsOf('key', 'k')?.['a'] === '1';

describe('a fault that answers', () => {
  it.each([
    {
      kind: 'throttle429',
      status: 429,
      body: { HttpStatus: 429, Code: 'Rejected.Throttling', Message: 'QPS Limit Exceeded' },
    },
    { kind: 'throttle400', status: 400, body: { Code: 'Throttling.User', HostId: expect.anything() } },
    { kind: 'error500', status: 500, body: { HttpStatus: 500, Code: 'InternalFailure' } },
    { kind: 'error503', status: 503, body: { HttpStatus: 503, Code: 'ServiceUnavailableTemporary' } },
  ] as const)('$kind comes before the change, once', async ({ kind, status, body }) => {
    const emulator = await startWith({ script: [kind] });
    const reply = await untag(emulator);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject(body);
    expect(isUnchanged(emulator)).toBe(true);
    expect((await untag(emulator)).status).toBe(200);
    expect(emulator.requests.map((request) => request.outcome)).toEqual([body.Code, 'ok']);
  });

  it('html is a page of a proxy, and KMS never saw the request', async () => {
    const emulator = await startWith({ script: ['html'] });
    const reply = await untag(emulator);
    expect(reply.status).toBe(502);
    expect(reply.headers.get('content-type')).toBe('text/html');
    expect(reply.text).toContain('<html>');
    expect(isUnchanged(emulator)).toBe(true);
    expect(emulator.requests[0]?.outcome).toBe('html');
  });

  it('truncate makes the change and cuts the body, so that it is no JSON', async () => {
    const emulator = await startWith({ script: ['truncate'] });
    await expect(untag(emulator)).rejects.toThrow(SyntaxError);
    expect(isUnchanged(emulator)).toBe(false);
  });

  it('slow makes the change at once and answers late', async () => {
    const emulator = await startWith({ script: ['slow'], slowMs: 200 });
    const begun = performance.now();
    const reply = untag(emulator);
    await expect.poll(() => isUnchanged(emulator), { interval: 5, timeout: 150 }).toBe(false);
    expect((await reply).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(190);
  });

  it('throttling says when to come back, in milliseconds, if the plan says so', async () => {
    const emulator = await startWith({ script: ['throttle429', 'throttle400', 'error503'], retryAfterMs: 70 });
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBe('70');
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBe('70');
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBeNull();
  });
});

describe('each kind of fault', () => {
  it.each(faultKinds)('%s changes tags, or does not, as the table says', async (kind) => {
    const emulator = await startWith({ script: [kind] });
    await untag(emulator).catch(() => undefined);
    expect(isUnchanged(emulator)).toBe(!faultTable[kind].acts);
    expect(emulator.requests).toMatchObject([{ fault: kind }]);
    expect((await untag(emulator)).status).toBe(200);
  });

  it.each(faultKinds)('%s leaves alone what is refused anyway', async (kind) => {
    const emulator = await startWith({ script: [kind] });
    await callV1(emulator, 'UntagResource', { KeyId: 'none', TagKeys: '["a"]' }).catch(() => undefined);
    expect(emulator.tagsOf('key', 'k')).toEqual({ a: '1', b: '2' });
  });

  it('is named in the help of --faults', () => {
    for (const kind of faultKinds) {
      expect(OPTIONS.faults.help).toMatch(new RegExp(`[ :]${kind}[,;]`));
    }
  });
});

describe('an answer from the middle of the way', () => {
  it.each([
    { kind: 'proxy403', status: 403, type: 'text/html', text: '<html>' },
    { kind: 'json403', status: 403, type: 'application/json', text: '"forbidden"' },
  ] as const)('$kind comes after the change, and has nothing of KMS', async ({ kind, status, type, text }) => {
    const emulator = await startWith({ script: [kind] });
    const reply = await untag(emulator);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([status, type]);
    expect(reply.text).toContain(text);
    expect(reply.text).not.toMatch(/RequestId|"Code"/);
    expect(reply.headers.get('x-acs-request-id')).toBeNull();
    expect(emulator.requests[0]?.outcome).toBe(kind);
  });

  it('proxy302 sends to another host, after the change', async () => {
    const emulator = await startWith({ script: ['proxy302'] });
    const reply = await fetch(`${emulator.endpoint}/`, { method: 'POST', redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'https://login.example/?return=kms']);
  });

  it('throttle503 is a throttling code under a status that proves nothing, after the change', async () => {
    const emulator = await startWith({ script: ['throttle503'], retryAfterMs: 70 });
    const reply = await untag(emulator);
    expect(reply.status).toBe(503);
    expect(reply.json).toMatchObject({ HttpStatus: 503, Code: 'Rejected.Throttling', RequestId: expect.any(String) });
    expect(reply.headers.get('x-acs-retry-after')).toBe('70');
    expect(emulator.requests[0]?.outcome).toBe('throttle503');
  });

  it('success-false has a RequestId and the status of a success', async () => {
    const emulator = await startWith({ script: ['success-false'] });
    const reply = await untag(emulator);
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({ RequestId: expect.any(String), Success: false });
  });
});

describe('a stale read', () => {
  const tagRows = z.object({ TagResources: z.object({ TagResource: z.array(z.unknown()) }) });
  const readers = [
    {
      reader: 'ListResourceTags',
      seesTag: async (emulator: Emulator, now: number) =>
        (await callV1(emulator, 'ListResourceTags', { KeyId: 'k' }, { now })).text.includes('"TagKey":"a"'),
    },
    {
      reader: 'ListTagResources',
      seesTag: async (emulator: Emulator, now: number) => {
        const parameters = { RegionId: 'cn-hangzhou', ResourceType: 'key', 'Tag.1.Key': 'a' };
        const reply = await callV1(emulator, 'ListTagResources', parameters, { now });
        return tagRows.parse(reply.json).TagResources.TagResource.length > 0;
      },
    },
    {
      reader: 'ListKeys by tag',
      seesTag: async (emulator: Emulator, now: number) => {
        const Filters = '[{"Key":"TagKey","Values":["a"]}]';
        return (await callV1(emulator, 'ListKeys', { Filters }, { now })).json['TotalCount'] === 1;
      },
    },
  ];

  it.each(readers)('$reader shows tags as they were, until the time is over', async ({ seesTag }) => {
    let now = Date.now();
    const data = { keys: [{ KeyId: 'k', Tags: { a: '1', b: '2' } }] };
    const emulator = await start({ data, clock: () => now, faults: { script: ['ok', 'stale'], staleMs: 500 } });
    expect(await seesTag(emulator, now)).toBe(true);
    const write = { KeyId: 'k', TagKeys: '["a"]' };
    expect((await callV1(emulator, 'UntagResource', write, { now })).status).toBe(200);
    expect(isUnchanged(emulator)).toBe(false);
    now += 499;
    expect(await seesTag(emulator, now)).toBe(true);
    now += 1;
    expect(await seesTag(emulator, now)).toBe(false);
  });

  it('shows a later change at once, by the service or by somebody else', async () => {
    const emulator = await startWith({ script: ['stale', 'ok', 'stale'], staleMs: 60_000 });
    const tags = async () => (await callV1(emulator, 'ListResourceTags', { KeyId: 'k' })).text;
    await untag(emulator);
    expect(await tags()).toContain('"a"');
    await callV1(emulator, 'UntagResource', { KeyId: 'k', TagKeys: '["b"]' });
    expect(await tags()).toContain('"b"');
    emulator.setTag('key', 'k', 'c', '3');
    expect(await tags()).toMatch(/"Tag":\[\{"KeyId":"k","TagKey":"c","TagValue":"3"\}\]/);
  });
});

describe('a list that lies', () => {
  const bulk = { RegionId: 'cn-hangzhou', ResourceType: 'key' };

  it('repeat-token leads to the same page for ever', async () => {
    const emulator = await start({ keys: 200, faults: 'repeat-token:1' });
    const first = await callV1(emulator, 'ListTagResources', bulk);
    const token = z.string().min(1).parse(first.json['NextToken']);
    const second = await callV1(emulator, 'ListTagResources', { ...bulk, NextToken: token });
    expect(second.json).toMatchObject({ NextToken: token, TagResources: first.json['TagResources'] });
    emulator.setFaults({ script: ['ok', 'repeat-token'] });
    const next = z.string().parse((await callV1(emulator, 'ListTagResources', bulk)).json['NextToken']);
    const repeated = await callV1(emulator, 'ListTagResources', { ...bulk, NextToken: next });
    expect(repeated.json['NextToken']).toBe(next);
  });

  it('repeat-token does the same to the Marker of ListPolicies', async () => {
    const emulator = await start({ faults: 'repeat-token:1' });
    const list = async (Marker: string) =>
      (await callV1(emulator, 'ListPolicies', { Version: '2015-05-01', ...(Marker === '' ? {} : { Marker }) })).json;
    const first = await list('');
    const marker = z.string().min(1).parse(first['Marker']);
    expect(await list(marker)).toMatchObject({ IsTruncated: true, Marker: marker, Policies: first['Policies'] });
  });

  it('wrong-count says a hundred thousand million and less than nothing, by turns', async () => {
    const emulator = await start({ faults: 'wrong-count:1' });
    const counts = [];
    for (const action of ['ListKeys', 'ListSecrets', 'ListAliases']) {
      counts.push((await callV1(emulator, action)).json['TotalCount']);
    }
    expect(counts).toEqual(['1e11', -1, '1e11']);
    expect((await callV1(emulator, 'DescribeRegions')).json).not.toHaveProperty('TotalCount');
  });
});

describe('a dropped connection', () => {
  it.each([
    { kind: 'drop-before', outcome: 'dropped-before', unchanged: true },
    { kind: 'drop-after', outcome: 'dropped-after', unchanged: false },
  ] as const)('$kind leaves the tags unchanged: $unchanged', async ({ kind, outcome, unchanged }) => {
    const emulator = await startWith({ script: [kind] });
    await expect(untag(emulator)).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
    });
    expect(isUnchanged(emulator)).toBe(unchanged);
    expect(emulator.requests.map((request) => request.outcome)).toEqual([outcome]);
    expect((await untag(emulator)).status).toBe(200);
  });
});

describe('a fault plan', () => {
  const outcomes = async (faults: FaultPlan | string, count: number) => {
    const emulator = await startWith(faults);
    for (let round = 0; round < count; round += 1) {
      await untag(emulator).catch(() => undefined);
    }
    return emulator.requests.map((request) => request.outcome).join(' ');
  };
  const SPEC = 'throttle429:0.2,error503:0.2,drop-after:0.2,html:0.1';

  it('gives the same faults for the same seed, and others for another', async () => {
    const [first, second, other] = [
      await outcomes(`${SPEC},seed:7`, 40),
      await outcomes(`${SPEC},seed:7`, 40),
      await outcomes(`${SPEC},seed:8`, 40),
    ];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it('keeps to its probabilities', async () => {
    const count = (await outcomes('throttle429:0.25,seed:3', 400)).split('Rejected.Throttling').length - 1;
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(130);
  });

  it('touches the actions it names, and spends no step of its script on others', async () => {
    const emulator = await startWith({ script: ['error500'], actions: ['UntagResource'] });
    expect((await callV1(emulator, 'DescribeRegions')).status).toBe(200);
    expect((await untag(emulator)).status).toBe(500);
  });

  it('can be changed and ended while the emulator runs', async () => {
    const emulator = await startWith('error500:1');
    expect((await untag(emulator)).status).toBe(500);
    emulator.setFaults({ script: ['ok', 'error503'] });
    expect((await untag(emulator)).status).toBe(200);
    expect((await untag(emulator)).status).toBe(503);
    emulator.setFaults(undefined);
    expect((await untag(emulator)).status).toBe(200);
  });

  it('can be written as kind:probability', () => {
    expect(parseFaultSpec('throttle429:0.2, drop-after:.05,seed:7')).toEqual({
      probabilities: { throttle429: 0.2, 'drop-after': 0.05 },
      seed: 7,
    });
  });

  it('can set times, too', () => {
    expect(parseFaultSpec('slow:0.1,slow-ms:900,stale:0.1,stale-ms:50,retry-after-ms:70')).toEqual({
      probabilities: { slow: 0.1, stale: 0.1 },
      slowMs: 900,
      staleMs: 50,
      retryAfterMs: 70,
    });
  });

  it.each([
    ['', '""'],
    ['throttle', '"throttle"'],
    ['throttle:0.1', '"throttle"'],
    ['slow:much', '"slow:much"'],
    ['slow:1:2', '"slow:1:2"'],
    ['slow:1.5', 'between 0 and 1'],
    ['slow:0.1,slow:0.1', 'given twice'],
    ['slow:0.6,html:0.6', '1 at most'],
    ['seed:1.5', '"seed:1.5"'],
    ['seed:1,seed:2', '"seed:2"'],
    ['stale-ms:0.5', '"stale-ms:0.5"'],
    ['no-such:1', 'one of throttle429'],
  ])('%j is refused: %s', async (spec, message) => {
    expect(() => parseFaultSpec(spec)).toThrow(message);
    const emulator = await start();
    expect(() => emulator.setFaults(spec)).toThrow(message);
  });
});
